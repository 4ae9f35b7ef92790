package falco

import "strings"

// Say writes a rule's output in the caller's own words: word gives the text of a field, from its value and the rule's text
// that follows it. Where it gives none, a slash that joins the field to the next goes with it. The fields are those of
// an Alert of the rule.
func (r *Rule) Say(fields []OutputField, word func(f OutputField, next string) string) string {
	values := make(map[string]any, len(fields))
	for _, f := range fields {
		values[f.Name] = f.Value
	}
	var b strings.Builder
	cut := false
	for i, p := range r.format.pieces {
		if p.term == nil {
			text := p.text
			if cut {
				text = strings.TrimPrefix(text, "/")
			}
			b.WriteString(text)
			cut = false
			continue
		}
		next := ""
		if i+1 < len(r.format.pieces) {
			next = r.format.pieces[i+1].text
		}
		text := word(OutputField{p.name, values[p.name]}, next)
		cut = text == ""
		b.WriteString(text)
	}
	return b.String()
}
