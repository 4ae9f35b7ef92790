// Package tree holds a YAML or JSON document as a compact tree in which every value knows where it was
// written. Everything that judges, explains or edits a manifest stands on it: a finding's line and column
// come from here. It is read-only after parsing and safe for concurrent use. It knows nothing of
// Kubernetes: see internal/kube for that. Do not use it for data without positions (encoding/json does
// that better).
//
// # What a document means
//
// A value is what the Kubernetes API machinery makes of it, that is sigs.k8s.io/yaml: YAML 1.1 scalars (yes,
// y and on are true, 0644 is octal, 08 and 1.0 are the integers 8 and 1 once they are JSON), << merges, keys
// that are no strings turned into strings, the last of equal keys counts. JSON is read by the rules of JSON.
// An Int is what an API object holds as int64, every other number is a Float.
//
// # Where a value stands
//
// A span leaves out an anchor and a tag before the value. A block scalar's span goes from the | or > to the
// end of its last line that is not blank. What an alias brings in has the places of its anchor, and so lies
// outside of its parent's span; the same goes for merged entries. A null that is not written stands behind
// its colon or dash, in flow style before the comma or bracket that follows. Lines are ended by \n alone.
//
// # Differences from sigs.k8s.io/yaml
//
// Taken here although sigs refuses it: JSON that YAML 1.1 does not know (\/, surrogate pairs, keys of more
// than 1024 characters, several texts without a separator); more aliases than sigs allows, up to
// Limits.Nodes; tabs before a comment or on a blank line that follows a comment.
//
// Refused here although sigs takes it: UTF-16; anything behind the first document's end that is not a
// further document (sigs stops looking there); text behind a ... line; a null key or .inf in a value that a
// repeated key replaces; documents over a limit. Of these, the limits for text that the fast reader does not
// know (4 MiB; 300,000 keys, values and comments) are tighter than Limits.
//
// Decided here, at random in sigs: of keys that are equal only as text, as 1 and "1", the last one counts.
//
// # How it is read
//
// A stream is cut at its --- and ... lines (split.go). A document is tried by the fast reader (fast.go and
// the files beside it, json.go), which writes the arena in one pass and gives up on the document at the first
// byte it is not sure of. Then the slow reader (slow.go, places.go) takes go.yaml.in/yaml/v3's tree and finds
// the end of each value in the text. Tests hold both to the same result, and to that of sigs.k8s.io/yaml.
package tree
