//! Programs of Phoenix 2.0: kmeans and pca.
