package detect

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/falco"
)

// unknownWords are what stands in a sentence for a field that the event does not have; "none" stands for every other.
var unknownWords = map[string]string{
	"ka.user.name": "an unknown user", "ka.impuser.name": "an unknown user", "ka.useragent": "an unknown program",
	"ka.uri.param[command]": "an unknown command", "jevt.value[/sourceIPs/0]": "an unknown address", "ka.response.code": "unknown",
	"ka.req.pod.host_network": "no", "ka.req.pod.host_pid": "no", "ka.req.pod.host_ipc": "no",
	"ka.target.name": "without a name",
}

// sentence is a detection's message as people read it: lists without brackets, and words for what the event does not
// have. Falco's rules keep the form that Falco gives them.
func sentence(cond *falco.Rule, fields []falco.OutputField) string {
	return cond.Say(fields, func(f falco.OutputField, next string) string {
		text := plainValue(f)
		switch {
		case text == "" && f.Name == "ka.target.namespace" && strings.HasPrefix(next, "/"):
			return "" // of an object of the whole cluster
		case text == "" && unknownWords[f.Name] != "":
			return unknownWords[f.Name]
		case text == "":
			return "none"
		case f.Name == "ka.target.resource" && next == " ": // and the object's name
			if r, ok := knownResources[text]; ok {
				return r.kind
			}
		}
		return text
	})
}

// plainValue is a value in words; empty for none.
func plainValue(f falco.OutputField) string {
	switch v := f.Value.(type) {
	case []string:
		return joined(v)
	case bool:
		return strconv.FormatBool(v)
	case uint64:
		return strconv.FormatUint(v, 10)
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return plainText(f.Name, v)
	}
	return ""
}

// plainText is a text as it stands, but for lists that are shown as the record has them, and for answers.
func plainText(field, s string) string {
	var list []string
	switch {
	case strings.HasPrefix(field, "jevt.value[") && strings.HasPrefix(s, "[") && json.Unmarshal([]byte(s), &list) == nil:
		return joined(list)
	case strings.HasPrefix(field, "ka.req.pod.host_") && s == "true":
		return "yes"
	case strings.HasPrefix(field, "ka.req.pod.host_") && s == "false":
		return "no"
	}
	return s
}

// joined is a list in words: each item once, in the order of the record.
func joined(list []string) string {
	var items []string
	seen := map[string]bool{"": true}
	for _, item := range list {
		if !seen[item] {
			seen[item] = true
			items = append(items, item)
		}
	}
	if more := len(items) - maxItems; more > 0 {
		return strings.Join(items[:maxItems], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(items, ", ")
}

// maxItems bounds the items of a list in a sentence: a request can hold as many as it likes.
const maxItems = 20
