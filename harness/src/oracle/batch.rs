//! Runs many cases at once: each is compared quickly, and the whole street is swept after them.

use mptcp_emulator::RuleSet;

use crate::cases::Case;
use crate::oracle::{CaseVerdict, Oracle, Reason, Trusted};

/// Cases between two sweeps of the whole street.
pub const BATCH: usize = 256;

impl Oracle {
    /// Judges cases in order, and puts a verdict for each into `verdicts`. Adds the rules that
    /// decided to `rules`. A disagreement with a trusted signature is accepted without
    /// confirmation.
    pub fn batch(
        &mut self,
        cases: &[Case],
        rules: &mut RuleSet,
        trusted: Trusted<'_>,
        verdicts: &mut Vec<CaseVerdict>,
    ) {
        self.freshen();
        let first = verdicts.len();
        verdicts.extend(cases.iter().map(|case| self.quick(case, rules, trusted)));
        let verdicts = &mut verdicts[first..];
        let clean = self.sweep();
        if !clean || verdicts.iter().any(CaseVerdict::is_unreproduced) {
            self.find_culprit(cases, rules, verdicts, clean);
        }
    }

    /// Called if memory was written that no case concerns, or if a case was affected by something
    /// that it does not do itself. Runs each case of the batch by itself and compares the whole
    /// street, to find the cause.
    #[cold]
    fn find_culprit(
        &mut self,
        cases: &[Case],
        rules: &mut RuleSet,
        verdicts: &mut [CaseVerdict],
        clean: bool,
    ) {
        let mut found = false;
        for (case, verdict) in cases.iter().zip(&mut *verdicts) {
            if !matches!(verdict, CaseVerdict::Disagree(_)) {
                let again = self.whole(case, rules);
                // Undocumented behaviour may leave traces anywhere in the program's buffers, unless
                // the first comparison showed that there were none.
                let traces = matches!(verdict, CaseVerdict::Agree);
                if matches!(again, CaseVerdict::Disagree(_))
                    || matches!(again, CaseVerdict::Unspecified) && traces
                {
                    *verdict = again;
                    found = true;
                }
            }
        }
        if found {
            // A case that another case affected does not disagree itself.
            let suffered = verdicts.iter_mut().filter(|verdict| verdict.is_unreproduced());
            suffered.for_each(|verdict| *verdict = CaseVerdict::Agree);
        } else if !clean && let Some(last) = verdicts.last_mut() {
            *last = CaseVerdict::Inconclusive(Reason::Stray);
        }
    }
}
