package notify

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// cefSeverity gives the severities of the Common Event Format, from 0 to 10.
var cefSeverity = [...]int{bartizan.Info: 1, bartizan.Low: 3, bartizan.Medium: 5, bartizan.High: 8, bartizan.Critical: 10}

// cef is what is shown in the Common Event Format.
func cef(s *alert.Shown, version string) string {
	a := falcoAlert(s)
	escape := func(text string) string {
		return strings.NewReplacer(`\`, `\\`, `|`, `\|`).Replace(sink.Printable(text))
	}
	value := strings.NewReplacer(`\`, `\\`, `=`, `\=`)
	var b strings.Builder
	fmt.Fprintf(&b, "CEF:0|Bartizan|bartizan|%s|%s|%s|%d|", escape(version), escape(a.Rule), escape(title(s)),
		cefSeverity[min(s.Severity(), bartizan.Critical)])
	identity, addresses := s.Alert.Identity, s.Alert.Addresses
	if in := s.Incident; in != nil {
		identity, addresses = strings.Join(in.Identities, ","), in.Addresses
	}
	address := strings.Join(addresses[:min(len(addresses), 1)], "")
	pairs := []string{
		"rt", fmt.Sprint(s.Time().UnixMilli()), "externalId", s.ID, "suser", identity, "src", address, "msg", a.Output,
		"cs1Label", "object", "cs1", subjectText(s), "cs2Label", "incident", "cs2", s.IncidentID,
		"cs3Label", "techniques", "cs3", strings.Join(alert.Techniques(a.Tags), " "), "cnt", fmt.Sprint(max(s.Alert.Folded, 1)),
	}
	for i := 0; i < len(pairs); i += 2 {
		text := pairs[i+1]
		if text == "" || strings.HasSuffix(pairs[i], "Label") && pairs[i+3] == "" {
			continue
		}
		b.WriteString(pairs[i] + "=" + value.Replace(sink.Printable(clip(text, 1023))) + " ")
	}
	return strings.TrimSuffix(b.String(), " ")
}

// title is what is shown in a few words.
func title(s *alert.Shown) string {
	if in := s.Incident; in != nil {
		return "Incident " + in.ID + " " + in.State.String()
	}
	return cmp.Or(s.Alert.Title, s.Alert.Rule)
}

func subjectText(s *alert.Shown) string {
	if s.Alert.Subject.Name == "" || s.Incident != nil {
		return ""
	}
	return s.Alert.Subject.String()
}
