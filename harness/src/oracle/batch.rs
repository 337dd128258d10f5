//! Many cases at once: each is compared quickly, and the whole street swept after
//! them all.

use mptcp_emulator::RuleSet;

use crate::cases::Case;
use crate::oracle::{CaseVerdict, Oracle, Reason, Trusted};

/// Cases between two sweeps of the whole street.
pub const BATCH: usize = 256;

impl Oracle {
    /// Judges cases in their order, and puts a verdict for each into `verdicts`.
    /// The rules that fire are added to `rules`. A disagreement whose signature
    /// is trusted is not made sure of once more.
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

    /// Memory was written where no case had any business, or a case suffered
    /// from something that it does not do itself. Each case of the batch is
    /// run by itself and the whole street compared, to find whose doing it
    /// was.
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
                // What is unspecified may leave traces anywhere in the program's buffers,
                // unless that was seen at once: then none were left.
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
            // What suffered from another case is no disagreement of its own.
            let suffered = verdicts.iter_mut().filter(|verdict| verdict.is_unreproduced());
            suffered.for_each(|verdict| *verdict = CaseVerdict::Agree);
        } else if !clean && let Some(last) = verdicts.last_mut() {
            *last = CaseVerdict::Inconclusive(Reason::Stray);
        }
    }
}
