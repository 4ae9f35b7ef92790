package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxBytes is how long the JSON of what is shown may be when it is read.
const MaxBytes = 4 << 20

// MarshalJSON writes it as a document of bartizan.dev/v1, on one line. Control characters and what turns the direction
// of writing are escaped: it may be read on a terminal.
func (s *Shown) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(documentOf(s)); err != nil {
		return nil, fmt.Errorf("write alert as JSON: %w", err)
	}
	return EscapeJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Shown) UnmarshalJSON(text []byte) error {
	if len(text) > MaxBytes {
		return fmt.Errorf("read alert: it has %d bytes, more than %d", len(text), MaxBytes)
	}
	var d document
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&d); err != nil {
		return fmt.Errorf("read alert: %w", err)
	}
	if d.Schema != Schema {
		return fmt.Errorf("read alert: schema is %q, not %q", d.Schema, Schema)
	}
	read, err := d.shown()
	if err != nil {
		return fmt.Errorf("read alert: %w", err)
	}
	*s = *read
	return nil
}

func errKind(kind string) error {
	return fmt.Errorf("a document of type %q lacks what its type says", kind)
}

func position(field, name string, names []string) (int, error) {
	i := slices.Index(names, name)
	if i < 0 {
		return 0, fmt.Errorf("%s is %q: use %s", field, name, strings.Join(names, ", "))
	}
	return i, nil
}

// fieldValue is a value of JSON as a field has it: nil, string, int64, uint64, bool or []string.
func fieldValue(v any) any {
	switch v := v.(type) {
	case nil, string, bool:
		return v
	case json.Number:
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n
		}
		if n, err := v.Int64(); err == nil {
			return n
		}
		return v.String()
	case []any:
		list := make([]string, len(v))
		for i, item := range v {
			list[i] = FieldText(fieldValue(item))
		}
		return list
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// EscapeJSON writes as escapes what is no plain sign in the strings of a JSON text: control characters, what is
// invisible and what turns the direction of writing.
func EscapeJSON(text []byte) []byte {
	if !slices.ContainsFunc(text, func(c byte) bool { return c > '~' }) {
		return text
	}
	out := make([]byte, 0, len(text)+64)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == '\n' || strconv.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			out = append(out, text[i:i+size]...)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		}
		i += size
	}
	return out
}
