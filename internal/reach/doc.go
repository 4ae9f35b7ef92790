// Package reach answers exactly who can reach whom on the network, from NetworkPolicy, ClusterNetworkPolicy and
// AdminNetworkPolicy objects: point questions with the rules that decide, all pairs by classes of pods, what two
// sets of policies differ in, and what is exposed. It is pure and reads a World; what the network plugin does
// beyond the API's own text is not known here, and an answer that depends on it is Unknown, with the reason.
//
// Begin with New and Model.Can. Policies that are to be written from observed flows are the business of
// internal/reach/suggest; attack steps that need a verdict, of internal/path.
package reach
