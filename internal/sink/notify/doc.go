// Package notify carries what a Desk (internal/alert) shows to people and machines: text, JSON lines and Falco's JSON on a
// stream; webhooks, Alertmanager, syslog and OTLP over the network, each with a queue of its own that may lie on disk. One
// file each; ReadConfig reads which of them a user wants.
//
// It decides nothing about alerts, and whatever it could not deliver it counts and says. Findings of a scan are written by
// internal/sink. To add an output, copy the file of one and give it a line in the table of kinds.
package notify
