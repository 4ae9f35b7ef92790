package notify

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/bartizan-dev/bartizan/internal/spell"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// template reads the document to send. Every text in it is a template, which is checked here.
func (r *reader) template(n tree.Node) any {
	switch n.Kind() {
	case tree.Map:
		out := map[string]any{}
		for c := range n.Items() {
			out[c.Key()] = r.template(c)
		}
		return out
	case tree.List:
		out := []any{}
		for c := range n.Items() {
			out = append(out, r.template(c))
		}
		return out
	case tree.String:
		t, err := parseTemplate(n.Text())
		if err != nil {
			r.fault(n, "the template of %s: %s", called(n), err)
			return nil
		}
		return t
	}
	return n.Any()
}

// maxMessage bounds what a template may make.
const maxMessage = 32 << 10

// functions are those that templates may call.
var functions = template.FuncMap{
	"upper": strings.ToUpper,
	"lower": strings.ToLower,
	"first": func(n int, s string) string { return clip(s, min(max(n, 0), maxMessage)) },
	"or":    func(a, b string) string { return cmp.Or(a, b) },
}

// parseTemplate reads a template and checks it: that it only names what there is, only calls what it may, and works.
func parseTemplate(text string) (*template.Template, error) {
	if len(text) > maxMessage {
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(text), maxMessage)
	}
	t, err := template.New("text").Funcs(functions).Parse(text)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "template: text:"))
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("define is not allowed")
	}
	if t.Tree == nil {
		return t, nil
	}
	if err := allowed(t.Root, true); err != nil {
		return nil, err
	}
	_, err = fill(t, &templateData{})
	return t, err
}

// dataFields are the names of what a template may say.
var dataFields = []string{
	"Kind", "ID", "Rule", "Title", "Severity", "SEVERITY", "Sign", "Priority", "Source", "Time", "Identity", "Addresses", "Output", "Incident", "State",
	"Folded", "Raised", "SubjectKind", "Namespace", "Name", "Subject", "Techniques", "Tactics", "Tags", "AuditID", "Hostname",
}

// allowed checks the nodes of a template. top says that the dot is the alert; in a with it is a text.
func allowed(n parse.Node, top bool) error {
	switch n := n.(type) {
	case nil, *parse.TextNode, *parse.CommentNode, *parse.StringNode, *parse.NumberNode, *parse.DotNode:
		return nil
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		return every(n.Nodes, top)
	case *parse.ActionNode:
		return allowed(n.Pipe, top)
	case *parse.IfNode:
		return branches(&n.BranchNode, top, top)
	case *parse.WithNode:
		return branches(&n.BranchNode, top, false)
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			return errors.New("variables are not allowed")
		}
		for _, c := range n.Cmds {
			if err := every(c.Args, top); err != nil {
				return err
			}
		}
		return nil
	case *parse.IdentifierNode:
		if _, ok := functions[n.Ident]; !ok {
			return fmt.Errorf("function %s is not allowed: use first, lower, or, upper", n.Ident)
		}
		return nil
	case *parse.FieldNode:
		if !top {
			return fmt.Errorf("in with, . is a text: write $.%s", n.Ident[0])
		}
		return named(n.Ident)
	case *parse.VariableNode:
		return named(n.Ident[1:])
	}
	return fmt.Errorf("%s is not allowed here: use texts, {{.FIELD}}, if and with", n)
}

func every(nodes []parse.Node, top bool) error {
	for _, n := range nodes {
		if err := allowed(n, top); err != nil {
			return err
		}
	}
	return nil
}

func branches(b *parse.BranchNode, top, inside bool) error {
	if err := allowed(b.Pipe, top); err != nil {
		return err
	}
	if err := allowed(b.List, inside); err != nil {
		return err
	}
	return allowed(b.ElseList, top)
}

func named(ident []string) error {
	if len(ident) != 1 || !slices.Contains(dataFields, ident[0]) {
		hint := ""
		if near := spell.Nearest(strings.Join(ident, "."), dataFields); near != "" {
			hint = " (did you mean ." + near + "?)"
		}
		return fmt.Errorf(".%s is unknown%s: use one of .%s", strings.Join(ident, "."), hint, strings.Join(dataFields, ", ."))
	}
	return nil
}

// fill fills a template in.
func fill(t *template.Template, d *templateData) (string, error) {
	out := &bounded{}
	if err := t.Execute(out, d); err != nil {
		return "", errors.New(strings.TrimPrefix(err.Error(), "template: text:"))
	}
	return out.String(), nil
}

// bounded is a buffer that takes only so much.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxMessage {
		return 0, fmt.Errorf("the text grows beyond %d bytes", maxMessage)
	}
	return b.Buffer.Write(p)
}

// fillAll fills the texts of a document in.
func fillAll(v any, d *templateData) (any, error) {
	switch v := v.(type) {
	case *template.Template:
		return fill(v, d)
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			filled, err := fillAll(value, d)
			if err != nil {
				return nil, err
			}
			out[key] = filled
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, value := range v {
			filled, err := fillAll(value, d)
			if err != nil {
				return nil, err
			}
			if !saysNothing(filled) {
				out = append(out, filled)
			}
		}
		return out, nil
	}
	return v, nil
}

// saysNothing says whether an item of a list is a title with an empty value, as of a fact that the alert does not have.
func saysNothing(item any) bool {
	m, ok := item.(map[string]any)
	return ok && len(m) == 2 && m["title"] != nil && m["value"] == ""
}
