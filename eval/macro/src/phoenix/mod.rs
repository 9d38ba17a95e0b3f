//! Programs of Phoenix 2.0: kmeans and pca.

pub(crate) mod kmeans;
pub(crate) mod pca;
mod random;
