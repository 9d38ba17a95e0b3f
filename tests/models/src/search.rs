//! A walk through all ways to choose: depth first, one way a run.

/// The choices of this run, and which ways are left.
#[derive(Debug)]
pub(crate) struct Search {
    /// What was chosen, of how many.
    path: Vec<(usize, usize)>,
    /// How many choices this run has made.
    made: usize,
}

impl Search {
    pub(crate) const fn new() -> Search {
        Search {
            path: Vec::new(),
            made: 0,
        }
    }

    /// Chooses one of `count` ways: as the run before did, then the first.
    pub(crate) fn choose(&mut self, count: usize) -> usize {
        if count == 1 {
            return 0;
        }
        if self.made == self.path.len() {
            self.path.push((0, count));
        }
        let (chosen, of) = self.path[self.made];
        assert_eq!(of, count, "a scenario must do the same when run again");
        self.made += 1;
        chosen
    }

    /// Goes on to the next run; false if there is none.
    pub(crate) fn advance(&mut self) -> bool {
        self.made = 0;
        while let Some((chosen, count)) = self.path.pop() {
            if chosen + 1 < count {
                self.path.push((chosen + 1, count));
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_gone_once() {
        let mut search = Search::new();
        let mut ways = Vec::new();
        loop {
            let first = search.choose(2);
            let second = if first == 0 { search.choose(3) } else { 9 };
            ways.push((first, second));
            if !search.advance() {
                break;
            }
        }
        assert_eq!(ways, [(0, 0), (0, 1), (0, 2), (1, 9)]);
    }
}
