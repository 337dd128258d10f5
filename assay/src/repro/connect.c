static int client, server;

static void connect_to(int listening)
{
	if (connect(client, (struct sockaddr *)&to, sizeof(to)))
		skip("connect");
	server = accept(listening, NULL, NULL);
	if (server < 0)
		skip("accept");
}
