// Package house holds the rules of the house as tests: what may import what, how long a function may be,
// that everything exported is documented. A rule of the house is a failing test with a reason. There is
// nothing here to import.
package house
