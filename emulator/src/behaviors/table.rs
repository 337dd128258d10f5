//! The behaviors, one row for each.
//!
//! A row is the question that the behavior answers, its field and type, the options that depend on
//! it, and the rules of the contract that state the first value. Then come the values: a clause for
//! reports, where the value is known from, and the source. The first value is what the newest
//! kernels do.
//!
//! Sources are named as in the table of rules; *planted NN* is a patch in `lab/planted`, *canary* a
//! wrong model of the tests, *sockopt_t* the kernel's interface for `getsockopt_iter`.

use zerocopy::{Immutable, IntoBytes};

use super::columns::{Check, Evidence, Row, Value, behaviors};
use crate::rules::{Options, Rule};

behaviors! {
    checks {
        /// an optlen that is too short for the header
        data_length_check DataLengthCheck: [Data] [DataLengthTooShort, DataLengthNegative];
        /// a size_subflow_data above 2^31 - 1
        header_size_max_check HeaderSizeMaxCheck: [Data] [HeaderSizeAboveMax];
        /// a size_user above 2^31 - 1
        size_user_max_check SizeUserMaxCheck: [Data] [ElementSizeAboveMax];
        /// a size_subflow_data below 16
        header_size_min_check HeaderSizeMinCheck: [Data] [HeaderSizeTooSmall];
        /// a size_subflow_data above optlen
        header_size_check HeaderSizeCheck: [Data] [HeaderSizeAboveLength];
        /// a header in which num_subflows or size_kernel is not 0
        kernel_fields_check KernelFieldsCheck: [Data] [NumSubflowsNotZero, SizeKernelNotZero];
        /// an optlen of MPTCP_FULL_INFO below 40
        full_length_check FullLengthCheck: [FullInfo] [FullLengthTooShort, FullLengthNegative];
        /// a num_subflows of MPTCP_FULL_INFO that is not 0
        full_num_subflows_check FullNumSubflowsCheck: [FullInfo] [FullNumSubflowsNotZero];
        /// a size_tcpinfo_kernel that is not 0
        full_tcp_info_kernel_check FullTcpInfoKernelCheck: [FullInfo] [FullSizeKernelNotZero];
        /// a size_sfinfo_kernel that is not 0
        full_subflow_info_kernel_check FullSubflowInfoKernelCheck: [FullInfo] [FullSizeKernelNotZero];
        /// a size_tcpinfo_user or size_sfinfo_user above 2^31 - 1
        full_size_max_check FullSizeMaxCheck: [FullInfo] [FullElementSizeAboveMax];
        /// an optlen of mptcp_info_opt below 96
        opt_length_check OptLengthCheck: [InfoOpt] [OptLengthTooShort, OptLengthNegative];
    }

    // The call.

    /// Where is optlen read and checked?
    length_read LengthRead: [Any, Info, Data, FullInfo, InfoOpt] [] {
        ByOption: "each option reads optlen, and checks it in its own way", Kernels "measured";
        BeforeOption: "optlen is read and checked before the option is looked at: EFAULT if it cannot be read, EINVAL if it is negative", Interface "sockopt_t, sockopt_init_user() in the protocol";
        BeforeSocket: "optlen is read and checked before the socket and the option are looked at: EFAULT if it cannot be read, EINVAL if it is negative", Interface "sockopt_t, the core's wrapper of getsockopt_iter";
    }
    /// When is the returned optlen stored?
    length_stored LengthStored: [Any, Info, Data, FullInfo, InfoOpt]
        [InfoLengthUnwritable, InfoDataUnwritable, DataLengthUnwritable, FullLengthUnwritable, OptLengthUnwritable] {
        BeforeData: "optlen is stored before the structure or the header", Kernels "measured";
        AfterData: "optlen is stored after the data", Mistake "planted 15 and 68";
        AfterCall: "optlen is stored after the data, also if it did not change", Interface "sockopt_t, put_user() after the handler";
        Never: "optlen is not stored", Mistake "put_user() forgotten";
    }
    /// What happens to optlen when the call fails?
    length_after_error LengthAfterError: [Any, Info, Data, FullInfo, InfoOpt] [] {
        Untouched: "optlen is not stored after an error", Kernels "measured";
        Answered: "optlen is stored also when the call fails", Interface "sockopt_t, the core's wrapper of getsockopt_iter";
        Passed: "optlen is stored also when the call fails, as it was passed", Mistake "a conversion that assigns the length last";
    }
    /// What is the error if optlen cannot be read?
    length_unreadable LengthUnreadable: [Info, Data, FullInfo, InfoOpt]
        [InfoLengthUnreadable, DataLengthUnreadable, FullLengthUnreadable, OptLengthUnreadable] {
        Efault: "an optlen that cannot be read gives EFAULT", Kernels "man, ERRORS";
        Einval: "an optlen that cannot be read gives EINVAL", Mistake "get_user() with a wrong error";
    }
    /// What is the error if optlen cannot be written?
    length_unwritable LengthUnwritable: [Info, Data, FullInfo, InfoOpt]
        [InfoLengthUnwritable, DataLengthUnwritable, FullLengthUnwritable, OptLengthUnwritable] {
        Efault: "an optlen that cannot be written gives EFAULT", Kernels "man, ERRORS";
        Ignored: "an optlen that cannot be written is ignored", Mistake "put_user() not checked";
        Einval: "an optlen that cannot be written gives EINVAL", Mistake "put_user() with a wrong error";
    }
    /// What is the error if the structure or the header cannot be written?
    answer_unwritable AnswerUnwritable: [Info, Data, FullInfo, InfoOpt]
        [InfoDataUnwritable, HeaderUnwritable, FullStructureUnwritable, OptStructureUnwritable] {
        Efault: "a structure or header that cannot be written gives EFAULT", Kernels "man, ERRORS";
        Ignored: "a structure or header that cannot be written is ignored", Mistake "copy_to_user() not checked";
        Einval: "a structure or header that cannot be written gives EINVAL", Mistake "copy_to_user() with a wrong error";
    }
    /// What is the error for an option that the kernel does not know?
    unknown_option UnknownOption: [Any] [UnknownOption, FullInfoUnknown] {
        Eopnotsupp: "an unknown option gives EOPNOTSUPP", Kernels "measured";
        Enoprotoopt: "an unknown option gives ENOPROTOOPT", Documents "man, ERRORS; planted 74";
        Einval: "an unknown option gives EINVAL", Mistake "another error";
        Succeeds: "an unknown option succeeds, and nothing is written", Mistake "an error that is lost";
    }
    /// What is the error on a connection that fell back to TCP?
    fallen_back FallenBack: [Any] [FallenBackV4Refuses, FallenBackV6Refuses] {
        ByFamily: "a connection that fell back answers EOPNOTSUPP over IPv4 and ENOPROTOOPT over IPv6", Kernels "fallback commit";
        Eopnotsupp: "a connection that fell back answers EOPNOTSUPP", Mistake "one error for both families";
        Enoprotoopt: "a connection that fell back answers ENOPROTOOPT", Mistake "one error for both families";
        Einval: "a connection that fell back answers EINVAL", Mistake "another error";
    }
    /// Which part of a register is an address in a 32-bit program's call?
    compat_address CompatAddress: [Any, Info, Data, FullInfo, InfoOpt] [] {
        LowerHalf: "the upper half of a register of a 32-bit program is ignored", Kernels "measured";
        Whole: "the upper half of a register of a 32-bit program counts", Mistake "canary";
    }
    /// How is struct mptcp_subflow_info laid out for a 32-bit program?
    compat_subflow_info CompatSubflowInfo: [FullInfo] [] {
        Native: "a 32-bit program gets struct mptcp_subflow_info as 64-bit programs have it, with 264 bytes", Kernels "measured";
        Declared: "a 32-bit program gets struct mptcp_subflow_info as its header declares it, with 260 bytes", Documents "uapi, struct mptcp_subflow_info";
        SizeOnly: "a 32-bit program reads 260 as size_sfinfo_kernel, and gets the layout of 64-bit programs", Mistake "planted 86";
    }

    // MPTCP_INFO.

    /// What does MPTCP_INFO do with a negative optlen?
    info_negative InfoNegative: [Info] [InfoNegativeLengthIsHuge] {
        Huge: "a negative optlen counts as larger than the structure, and all of it is copied", Kernels "measured";
        Refused: "a negative optlen is refused: EINVAL", Documents "man; the other options";
        Zero: "a negative optlen counts as 0", Mistake "canary";
        AsksNothing: "a negative optlen succeeds, and nothing is written", Mistake "canary";
        Signed: "optlen is clamped as a signed number: a negative one is stored, and the copy fails with EFAULT", Mistake "planted 65";
    }
    /// What does MPTCP_INFO do with an optlen of 0?
    zero_length ZeroLength: [Info] [InfoZeroLengthAsksNothing, InfoZeroLengthStored] {
        Untouched: "an optlen of 0 succeeds at once, and is not stored", Kernels "early-stop commit";
        Stored: "an optlen of 0 is stored back", Kernels "before 6.10; planted 67";
        Refused: "an optlen of 0 is refused: EINVAL", Mistake "a minimum length";
    }
    /// How much of mptcp_info does MPTCP_INFO copy?
    info_copied InfoCopied: [Info] [InfoWhole, InfoCut] {
        Lesser: "the first bytes of mptcp_info that fit in optlen are copied", Kernels "info commit";
        Whole: "the whole mptcp_info is copied, however short optlen is", Mistake "the clamp forgotten";
        Passed: "as much as optlen says is copied, also beyond mptcp_info", Mistake "canary";
        Words: "mptcp_info is cut at a multiple of 4 bytes", Mistake "canary";
        DoubleWords: "mptcp_info is cut at a multiple of 8 bytes", Mistake "round_down()";
        AllOrNothing: "nothing of mptcp_info is copied unless all of it fits", Mistake "canary";
        OneLess: "one byte less of mptcp_info is copied than fits", Mistake "off by one";
    }
    /// Which optlen does MPTCP_INFO return?
    info_returned InfoReturned: [Info] [InfoWhole, InfoCut] {
        Copied: "the number of copied bytes is returned in optlen", Kernels "info commit";
        Passed: "optlen is returned as it was passed", Mistake "planted 66";
        Structure: "the size of mptcp_info is returned in optlen, however much is copied", Mistake "a size that is not clamped";
    }

    // MPTCP_TCPINFO and MPTCP_SUBFLOW_ADDRS.

    /// Which optlen is too short for the header?
    data_length_bound DataLengthBound: [Data] [DataLengthTooShort, DataLengthNegative] {
        Below16: "an optlen below 16 is refused", Kernels "commit";
        Below17: "an optlen of 16 is refused", Mistake "<= for <";
        Below15: "an optlen of 15 is accepted", Mistake "canary";
        Unsigned: "a negative optlen is accepted as a huge one", Mistake "planted 01";
    }
    /// When is the header read?
    header_read HeaderRead: [Data] [DataLengthTooShort, HeaderUnreadable] {
        AfterCheck: "optlen is checked before the header is read", Kernels "measured";
        BeforeCheck: "the header is read before optlen is checked: EFAULT instead of EINVAL if it cannot be read", Mistake "planted 02";
    }
    /// What is the error if the header or the structure cannot be read?
    header_unreadable HeaderUnreadable: [Data, FullInfo, InfoOpt]
        [HeaderUnreadable, FullHeaderUnreadable, OptStructureUnreadable] {
        Efault: "a header that cannot be read gives EFAULT", Kernels "man, ERRORS";
        Einval: "a header that cannot be read gives EINVAL", Mistake "planted 08";
    }
    /// What is stored when optlen is too short for the header?
    short_length ShortLength: [Data, FullInfo, InfoOpt] [DataLengthTooShort, FullLengthTooShort, OptLengthTooShort] {
        Untouched: "nothing is stored when optlen is too short", Kernels "measured";
        Hint: "the least optlen is stored when optlen is too short", Mistake "planted 07";
    }
    /// Which size_subflow_data is too small?
    header_size_min HeaderSizeMin: [Data] [HeaderSizeTooSmall] {
        Below16: "a size_subflow_data below 16 is refused", Kernels "measured";
        Below17: "a size_subflow_data of 16 is refused", Mistake "<= for <";
        Not16: "a size_subflow_data other than 16 is refused", Mistake "!= for <";
    }
    /// Which size_subflow_data is too large for optlen?
    header_size_bound HeaderSizeBound: [Data] [HeaderSizeAboveLength] {
        AboveLength: "a size_subflow_data above optlen is refused", Kernels "measured";
        AtLength: "a size_subflow_data equal to optlen is refused", Mistake "planted 04";
    }
    /// Which kernel fields of the header are checked?
    kernel_fields KernelFields: [Data] [NumSubflowsNotZero, SizeKernelNotZero] {
        Each: "num_subflows and size_kernel both have to be 0", Kernels "commit";
        SizeKernelAlone: "num_subflows is not checked", Mistake "planted 05";
        NumSubflowsAlone: "size_kernel is not checked", Mistake "canary";
        Both: "a header is refused only if num_subflows and size_kernel are both not 0", Mistake "planted 06";
    }
    /// Is a size_user of 0 accepted?
    size_user_zero SizeUserZero: [Data, FullInfo] [] {
        Accepted: "a size_user of 0 is accepted", Kernels "measured";
        Refused: "a size_user of 0 is refused: EINVAL", Mistake "a minimum size";
    }
    /// Is a size_user above the kernel's size accepted?
    size_user_above SizeUserAbove: [Data, FullInfo] [StrideClamped, FullStrideClamped] {
        Accepted: "a size_user above the kernel's size is accepted", Kernels "commit";
        Refused: "a size_user above the kernel's size is refused: EINVAL", Mistake "forward compatibility forgotten";
        RefusedBelow: "a size_user below the kernel's size is refused: EINVAL", Mistake "backward compatibility forgotten";
        Other: "a size_user other than the kernel's size is refused: EINVAL", Mistake "!= for >";
    }
    /// Where is the first element?
    first_element FirstElement: [Data] [ElementCopied] {
        BehindHeader: "elements begin behind size_subflow_data bytes", Kernels "commit";
        Behind16: "elements begin behind the 16 bytes that the kernel knows, also if size_subflow_data is larger", Mistake "planted 22";
        AtStart: "elements begin at the start of the buffer", Mistake "the header forgotten";
    }
    /// How much room do elements have?
    room Room: [Data] [ElementCopied, ElementLeftOut] {
        BehindHeader: "elements have the room behind the header", Kernels "commit";
        WholeLength: "elements have the room of optlen, and the header is not subtracted", Mistake "the subtraction forgotten";
        Behind16: "elements have the room behind 16 bytes, also if size_subflow_data is larger", Mistake "the kernel's size for the program's";
        NotUsedUp: "an element does not reduce the room: if one fits, all subflows are written", Mistake "planted 19";
    }
    /// Which element fits in the room?
    element_fits ElementFits: [Data] [ElementCopied, ElementLeftOut] {
        Whole: "an element is copied if all of it fits", Kernels "commit";
        WithByteMore: "an element that fits exactly is left out", Mistake "planted 18";
        AnyRoom: "an element is copied whole while any room is left: it is written past optlen", Mistake "planted 17";
        Cut: "the last element is cut to the room", Mistake "canary";
    }
    /// How large is an element?
    element_size ElementSize: [Data, FullInfo, InfoOpt] [StrideClamped, StrideAsAsked, FullStrideClamped, FullStrideAsAsked] {
        Lesser: "an element has the lesser of size_user and the kernel's size", Kernels "commit";
        Passed: "size_user is not clamped to the kernel's size", Mistake "canary";
        Kernel: "an element has the kernel's size, also if size_user is smaller", Mistake "the user's size ignored";
        RoundedDown: "the size of an element is rounded down to a multiple of 8", Mistake "canary";
        OtherStructure: "size_user is clamped to the size of the other structure", Mistake "planted 16 and 36";
        EightMore: "size_user is clamped to 8 bytes more than the kernel's size", Mistake "planted 77";
        OtherArray: "the size of a tcp_info is that of the program's struct mptcp_subflow_info", Mistake "planted 49";
    }
    /// How much of an element is copied?
    element_copied ElementCopied: [Data] [ElementCopied] {
        Size: "as much of an element is copied as its size says", Kernels "commit";
        RoundedUp: "the copy of an element is rounded up to a multiple of 8 bytes", Mistake "planted 20";
        WithId: "8 bytes more of an element are copied", Mistake "an offset added twice";
    }
    /// What happens to a copy that is larger than the kernel's structure?
    over_read OverRead: [Info, Data, FullInfo, InfoOpt] [] {
        Refused: "a copy that is larger than the kernel's structure is refused with EFAULT", Kernels "check_copy_size(), not reached by a correct kernel";
        Leaked: "bytes behind the kernel's structure are copied", Mistake "planted 16";
    }
    /// How far are elements apart?
    step Step: [Data, FullInfo, InfoOpt] [ElementCopied, FullElementCopied, OptStrideShrunk] {
        Size: "elements are as far apart as they are large", Kernels "commit";
        Passed: "elements are size_user bytes apart, also if they are smaller", Mistake "planted 37 and 76";
        Kernel: "elements are the kernel's size apart, also if they are smaller", Mistake "sizeof() for the clamped size";
        KernelTcpInfo: "elements of tcp_info are the kernel's size apart, also if they are smaller", Mistake "planted 57";
        RoundedUp: "elements are a multiple of 8 bytes apart", Mistake "canary";
    }
    /// Whose structure is an element?
    element_of ElementOf: [Data, FullInfo] [] {
        Own: "each element is of its own subflow", Kernels "commit";
        First: "every element is that of the first subflow", Mistake "planted 21";
        Reversed: "elements are in reverse order", Mistake "a list walked backwards";
        Next: "each element is that of the next subflow", Mistake "an index advanced too early";
    }
    /// Which subflows are listed?
    subflows_listed SubflowsListed: [Data, FullInfo, InfoOpt] [] {
        All: "closed subflows are counted and listed", Kernels "measured; findings/closed-subflows-counted";
        NotClosed: "closed subflows are neither counted nor listed", Documents "commit: active subflows; planted 25";
    }
    /// What is num_subflows?
    count Count: [Data, FullInfo, InfoOpt] [CountReported, FullCountsReported, OptKernelReported] {
        All: "num_subflows is the number of subflows", Kernels "commit";
        Copied: "num_subflows is the number of elements that were copied", Mistake "planted 23 and 64";
        UntilFull: "num_subflows is one more than fit: the walk ends when the buffer is full", Mistake "planted 24";
        OneLess: "num_subflows is one less than the number of subflows", Mistake "the initial one forgotten";
        OneMore: "num_subflows is one more than the number of subflows", Mistake "off by one";
        Zero: "num_subflows is 0", Mistake "an assignment forgotten";
    }
    /// What follows if an element cannot be copied?
    element_fault ElementFault: [Data, FullInfo, InfoOpt]
        [ElementUnwritable, FullSubflowInfoUnwritable, FullTcpInfoUnwritable, OptTcpInfoUnwritable] {
        Efault: "an element that cannot be written ends the call: EFAULT", Kernels "man, ERRORS";
        EndsWalk: "an element that cannot be written ends the walk over the subflows, and the call succeeds", Mistake "planted 26 and 83";
        EfaultLast: "after an element that cannot be written the call goes on, and fails with EFAULT at the end", Mistake "planted 27";
        AnsweredFirst: "an element that cannot be written ends the walk, and the answer is stored before EFAULT", Mistake "canary";
        Ignored: "an element that cannot be written is ignored", Mistake "canary";
        Einval: "an element that cannot be written gives EINVAL", Mistake "canary";
    }
    /// What is written behind the last element?
    after_elements AfterElements: [Data] [] {
        Nothing: "nothing is written behind the last element", Kernels "commit";
        ZeroByte: "a zero byte is written behind the last element", Mistake "planted 38";
    }
    /// Is optlen read a second time before the answer?
    length_read_again LengthReadAgain: [Data] [] {
        No: "optlen is read once", Kernels "measured";
        Checked: "optlen is read again before the answer, and more elements than it allows give EINVAL", Mistake "planted 30";
    }
    /// Which size_user is returned?
    size_user_returned SizeUserReturned: [Data, FullInfo, InfoOpt] [SizesReported, FullCountsReported, OptSizeShrunk] {
        Size: "the size of an element is returned in size_user", Kernels "commit";
        Passed: "size_user is returned as it was passed", Mistake "planted 28";
        Kernel: "the kernel's size is returned in size_user", Mistake "two sizes exchanged";
    }
    /// Which size_kernel is returned?
    size_kernel_returned SizeKernelReturned: [Data, FullInfo, InfoOpt] [SizesReported, FullCountsReported, OptKernelReported] {
        Kernel: "the kernel's size is returned in size_kernel", Kernels "commit";
        Size: "the size of an element is returned in size_kernel", Mistake "planted 29";
        Passed: "the program's size_user is returned in size_kernel", Mistake "planted 29";
        Zero: "size_kernel is returned as 0", Mistake "canary";
    }
    /// Which size_subflow_data is returned?
    header_size_returned HeaderSizeReturned: [Data] [SizesReported] {
        Passed: "size_subflow_data is returned as it was passed", Kernels "measured";
        Sixteen: "16 is returned in size_subflow_data", Mistake "planted 11";
    }
    /// How much of the header is written?
    header_written HeaderWritten: [Data] [CountReported, SizesReported] {
        Sixteen: "the 16 bytes of the header that the kernel knows are written", Kernels "commit";
        Twelve: "12 bytes of the header are written", Mistake "canary";
        Passed: "size_subflow_data bytes of the header are copied, also beyond the kernel's structure", Mistake "planted 10";
    }
    /// What happens to the part of the header behind the 16 bytes that the kernel knows?
    header_tail HeaderTail: [Data] [HeaderTailLeftAlone] {
        Untouched: "the rest of a larger header is not written", Kernels "measured";
        Cleared: "the rest of a larger header is cleared", Mistake "planted 09";
    }
    /// Which optlen is returned?
    data_returned DataReturned: [Data] [LengthWithElements, LengthWithoutElements] {
        HeaderAndElements: "size_subflow_data and the copied elements are returned in optlen, 16 if there are none", Kernels "commit";
        Elements: "optlen does not include the header if elements were copied", Mistake "planted 12";
        SixteenAndElements: "16 and the copied elements are returned in optlen, also if size_subflow_data is larger", Mistake "planted 13";
        ZeroWithoutElements: "0 is returned in optlen if no element was copied", Mistake "planted 14";
        HeaderWithoutElements: "size_subflow_data is returned in optlen if no element was copied", Mistake "canary";
        Passed: "optlen is returned as it was passed", Mistake "an assignment forgotten";
        Needed: "the optlen that all elements need is returned", Mistake "a hint for the next call";
    }

    // MPTCP_FULL_INFO.

    /// Does the kernel have MPTCP_FULL_INFO?
    full_info_option FullInfoOption: [FullInfo] [FullInfoUnknown] {
        Present: "MPTCP_FULL_INFO exists", Kernels "full-info commit: since 6.5";
        Absent: "MPTCP_FULL_INFO is an unknown option", Kernels "before 6.5";
    }
    /// Which optlen is too short for MPTCP_FULL_INFO?
    full_length_bound FullLengthBound: [FullInfo] [FullLengthTooShort, FullLengthNegative] {
        Below40: "an optlen below 40 is refused", Kernels "measured";
        Below41: "an optlen of 40 is refused", Mistake "canary";
        Below39: "an optlen of 39 is accepted", Mistake "off by one";
        Structure: "an optlen below the whole structure is refused", Mistake "canary";
        Unsigned: "a negative optlen is accepted as a huge one", Mistake "sizeof() in a comparison";
    }
    /// Are null arrays accepted?
    full_null FullNull: [FullInfo] [] {
        Accepted: "a null array is accepted if nothing is written to it", Kernels "measured";
        Refused: "a null array is refused: EINVAL", Mistake "planted 63";
    }
    /// Which subflows get an element in the arrays?
    full_slots FullSlots: [FullInfo] [FullElementCopied, FullElementLeftOut] {
        Below: "the arrays get size_arrays_user elements", Kernels "uapi";
        AtMost: "the arrays get one element more than size_arrays_user", Mistake "planted 50";
        Fewer: "the arrays get one element less than size_arrays_user", Mistake "off by one";
        Signed: "a size_arrays_user of 2^31 or more counts as negative: no element is copied", Mistake "planted 52";
        NotForTcpInfo: "size_arrays_user does not limit the array of tcp_info", Mistake "planted 51";
        ReadAgain: "size_arrays_user is read again for each subflow", Mistake "planted 53";
    }
    /// Which array gets which structure?
    full_arrays FullArrays: [FullInfo] [FullElementCopied] {
        Own: "each array gets its own structures", Kernels "uapi";
        Exchanged: "the two arrays are exchanged", Mistake "planted 48";
    }
    /// Which array is filled first?
    full_order FullOrder: [FullInfo] [] {
        AddressesFirst: "the addresses of a subflow are copied before its tcp_info", Kernels "measured";
        TcpInfoFirst: "the tcp_info of a subflow is copied before its addresses", Mistake "planted 62";
    }
    /// How much of struct mptcp_subflow_info is copied?
    full_addresses FullAddresses: [FullInfo] [FullElementCopied] {
        Size: "as much of struct mptcp_subflow_info is copied as its size says", Kernels "uapi";
        IdAlways: "the id of a subflow is written even if size_sfinfo_user is less than 4", Mistake "planted 58";
        IdAdded: "8 bytes more than size_sfinfo_user are copied of each struct mptcp_subflow_info", Mistake "planted 59";
    }
    /// How much of mptcp_info does MPTCP_FULL_INFO copy?
    full_info_copied FullInfoCopied: [FullInfo] [FullInfoWhole, FullInfoCut, FullInfoLeftOut] {
        Lesser: "the first bytes of mptcp_info that fit in optlen are copied", Kernels "measured";
        Whole: "the whole mptcp_info is copied, however short optlen is", Mistake "canary";
        DoubleWords: "mptcp_info is cut at a multiple of 8 bytes", Mistake "planted 55";
        AllOrNothing: "nothing of mptcp_info is copied unless all of it fits", Mistake "planted 56";
        Nothing: "mptcp_info is not copied", Mistake "a call forgotten";
    }
    /// Where does MPTCP_FULL_INFO write mptcp_info?
    full_info_place FullInfoPlace: [FullInfo] [FullInfoWhole, FullInfoCut] {
        BehindHeader: "mptcp_info is written behind the first 40 bytes", Kernels "uapi";
        Behind16: "mptcp_info is written behind the first 16 bytes", Mistake "planted 47";
    }
    /// Which optlen does MPTCP_FULL_INFO return?
    full_returned FullReturned: [FullInfo] [FullInfoWhole, FullInfoCut, FullInfoLeftOut] {
        HeaderAndInfo: "40 and the copied bytes of mptcp_info are returned in optlen", Kernels "measured";
        Info: "optlen does not include the first 40 bytes", Mistake "canary";
        Structure: "the size of the whole structure is returned in optlen", Mistake "planted 54";
        Header: "40 is returned in optlen, however much of mptcp_info is copied", Mistake "an addition forgotten";
        Passed: "optlen is returned as it was passed", Mistake "an assignment forgotten";
    }

    // mptcp_info_opt.

    /// Which optlen is too short for mptcp_info_opt?
    opt_length_bound OptLengthBound: [InfoOpt] [OptLengthTooShort, OptLengthNegative] {
        Below96: "an optlen below 96 is refused", Documents "design";
        Below97: "an optlen of 96 is refused", Mistake "canary";
        Below95: "an optlen of 95 is accepted", Mistake "canary";
        Unsigned: "a negative optlen is accepted as a huge one", Mistake "canary";
    }
    /// What does a null address in a block of mptcp_info_opt mean?
    opt_null OptNull: [InfoOpt] [OptBlockNull] {
        NotRequested: "a block with a null address is not requested", Documents "design, the sample";
        Faults: "a null address faults as any other bad address", Mistake "planted 79";
    }
    /// Which nmemb_user does mptcp_info_opt return?
    opt_count OptCount: [InfoOpt] [OptCountShrunk, OptCountKept] {
        Lesser: "the lesser of nmemb_user and the number of subflows is returned in nmemb_user", Documents "design, point 3";
        Passed: "nmemb_user is returned as it was passed", Mistake "canary";
        All: "the number of subflows is returned in nmemb_user", Mistake "canary";
    }
    /// Which subflows get an element in a block of mptcp_info_opt?
    opt_slots OptSlots: [InfoOpt] [OptElementCopied, OptElementLeftOut] {
        Below: "a block gets nmemb_user elements", Documents "design, point 2";
        AtMost: "a block gets one element more than nmemb_user", Mistake "canary";
        Fewer: "a block gets one element less than nmemb_user", Mistake "canary";
        Signed: "an nmemb_user of 2^31 or more counts as negative", Mistake "planted 78";
        TcpInfos: "the nmemb_user of tcp_info counts for all blocks", Mistake "planted 84";
    }
    /// When is mptcp_info filled by mptcp_info_opt?
    opt_scalar OptScalar: [InfoOpt] [OptScalarFilled] {
        Always: "mptcp_info is filled whatever its nmemb_user is", Documents "design, the sample";
        ByCount: "mptcp_info is filled only if its nmemb_user is not 0", Mistake "planted 80";
        Last: "mptcp_info is filled after the elements", Mistake "canary";
    }
    /// In which order does mptcp_info_opt copy the elements of a subflow?
    opt_order OptOrder: [InfoOpt] [] {
        TcpInfoLocalPeer: "tcp_info is copied first, then the local address, then the peer's", Documents "design";
        TcpInfoPeerLocal: "the peer's address is copied before the local one", Mistake "canary";
        LocalPeerTcpInfo: "tcp_info is copied after both addresses", Mistake "canary";
    }
    /// Which optlen does mptcp_info_opt return?
    opt_returned OptReturned: [InfoOpt] [OptLengthReturned] {
        Structure: "96 is returned in optlen", Documents "design";
        Passed: "optlen is returned as it was passed", Mistake "canary";
        Block: "24 is returned in optlen", Mistake "canary";
    }
    /// Which member of mptcp_info_opt is the count?
    opt_members OptMembers: [InfoOpt] [OptKernelReported] {
        AsExample: "nmemb_kernel is the number of elements and size_kernel the size", Documents "design, the worked example";
        AsPoints: "nmemb_kernel is the size and size_kernel the number of elements", Mistake "planted 81: design, points 3 and 4";
    }
    /// What becomes of kernel members of mptcp_info_opt that are not 0?
    opt_kernel_members OptKernelMembers: [InfoOpt] [OptKernelMembersIgnored] {
        Ignored: "nmemb_kernel and size_kernel are ignored as input", Documents "design, the sample";
        Refused: "an nmemb_kernel or size_kernel of tcp_info that is not 0 is refused: EINVAL", Mistake "planted 85";
        AllRefused: "an nmemb_kernel or size_kernel that is not 0 is refused: EINVAL", Mistake "the options that shipped";
    }
}
