//! The packed image: made, checked, explained.
