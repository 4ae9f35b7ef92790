package falco

import "strings"

// values are the values of a list, with the lists that it names put in.
func (c *collection) values(name string) ([]value, bool) {
	d := c.lists[name]
	if d == nil {
		return nil, false
	}
	d.used = true
	all := c.flatten(d)
	if c.expanding += len(all); c.expanding > maxListValues {
		c.tooManyValues(d)
		return nil, true
	}
	return all, true
}

// tooManyValues reports, once, that lists grew beyond measure.
func (c *collection) tooManyValues(d *listDef) {
	if !c.overflowed {
		c.overflowed = true
		c.rep.errorAt(d.at, "too-many", `list "`+excerpt(d.name)+`"`, "", "", "with lists put in for their names there are more than %d values", maxListValues)
	}
}

// flatten puts into a list the lists that it names and that were defined before it was last changed. Falco goes one
// level deep; here it goes all the way, and a list within itself counts as a text.
func (c *collection) flatten(d *listDef) []value {
	if d.flat {
		return d.values
	}
	d.flattening = true
	defer func() { d.flattening = false }()
	for _, o := range d.items {
		inner := c.lists[o.text]
		if inner != nil && inner.first < d.seen && !inner.flattening {
			inner.used = true
			d.values = append(d.values, c.flatten(inner)...)
		} else {
			d.values = append(d.values, c.listValues(o)...)
		}
		if c.flattened+len(d.values) > maxListValues {
			c.tooManyValues(d)
			d.values = nil
			break
		}
	}
	c.flattened += len(d.values)
	d.flat = true
	return d.values
}

// listValues are the values in one item of a list: the text in quotes if it has any, several if it has commas.
func (c *collection) listValues(o *origin) []value {
	s := o.text
	if s == "" {
		return nil
	}
	if s[0] == '"' || s[0] == '\'' {
		if quotedEnd(s, 0) == len(s) {
			if text, bad, _ := unquote(s); bad == "" {
				return []value{{text, true, 0}}
			}
		}
		c.rep.warnAt(o.place(0), "bad-escape", "", s, "", "the item %s has quotes that do not match or an unknown escape; it is taken as it is", quoted(s))
		return []value{{s, true, 0}}
	}
	if !strings.ContainsAny(s, ", \t\n\r") || strings.ContainsAny(s, " \t\n\r") {
		return []value{{s, true, 0}}
	}
	var all []value
	for part := range strings.SplitSeq(s, ",") {
		if part != "" {
			all = append(all, value{part, true, 0})
		}
	}
	return all
}
