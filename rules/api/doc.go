// Package api holds the rules on versions of the Kubernetes API that a release has removed or will remove.
// The table of versions is what the releases' own life-cycle marks and the deprecation guide say. Whether a
// field is valid in a version is not judged here.
package api
