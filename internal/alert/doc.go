// Package alert decides what becomes of alerts: which are accepted (exceptions), which are told once and counted from
// then on (duplicates, token buckets), which belong together (incidents), and which weigh more for where they happened
// (attack paths). A Desk takes alerts in the order of their events and gives what is to be shown; whatever it holds back
// it counts, and says so.
//
// It is pure: time is the time of the events, memory is bounded, and the same alerts give the same result. It finds
// nothing (internal/detect does) and sends nothing (internal/sink/notify does); internal/watch drives it.
package alert
