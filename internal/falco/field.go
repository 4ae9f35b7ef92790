package falco

import (
	"slices"
	"strings"
)

// Arg says what may stand in brackets behind a field's name.
type Arg uint8

// The arguments of fields.
const (
	NoArg Arg = iota
	MayIndex
	MayKey
	NeedsKey
)

// Field is a property of events that conditions and outputs name.
type Field struct {
	Name string
	Type Type
	List bool
	Arg  Arg
	// Needs is the lowest audit level at which an event has the field; empty for events that are not audit records.
	Needs string
	Doc   string
	get   extractor
}

// extractor finds a field's value in an event. It is false if the event has none.
type extractor func(f *frame, a *argument, v *Value) bool

// argument is what stands in brackets, prepared once.
type argument struct {
	key     string
	index   int      // -1 without an index
	pointer []string // of a JSON Pointer, its tokens
}

// Source is a sort of events: the table of its fields.
type Source struct {
	Name   string
	Doc    string
	Fields []Field
	// Dynamic are fields that take their argument behind a further dot as well, as evt.arg.path.
	Dynamic []string
	// keys are the fields by whose values rules are put into buckets.
	keys []string
	// same gives another name for a field with an argument, where one exists.
	same func(name, key string) (string, bool)

	byName map[string]*Field
}

// Sources are the built-in sources.
func Sources() []*Source { return []*Source{Audit(), Syscall()} }

func (s *Source) index() *Source {
	s.byName = make(map[string]*Field, len(s.Fields))
	for i := range s.Fields {
		s.byName[s.Fields[i].Name] = &s.Fields[i]
	}
	return s
}

// field finds a field by name; of a dynamic field any name behind it.
func (s *Source) field(name string) (*Field, bool) {
	if f := s.byName[name]; f != nil {
		return f, true
	}
	for _, d := range s.Dynamic {
		if rest, ok := strings.CutPrefix(name, d+"."); ok && rest != "" {
			return s.byName[d], true
		}
	}
	return nil, false
}

// dynamicKey is the argument that a dynamic field's name holds.
func (s *Source) dynamicKey(name string) (string, bool) {
	for _, d := range s.Dynamic {
		if rest, ok := strings.CutPrefix(name, d+"."); ok && s.byName[name] == nil {
			return rest, true
		}
	}
	return "", false
}

func (s *Source) names() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}

// Priority is the weight of a rule, as syslog has it; 0 is the heaviest.
type Priority uint8

// The priorities.
const (
	PriorityEmergency Priority = iota
	PriorityAlert
	PriorityCritical
	PriorityError
	PriorityWarning
	PriorityNotice
	PriorityInformational
	PriorityDebug
)

var priorityNames = [...]string{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"}

// String is the priority as Falco writes it.
func (p Priority) String() string { return priorityNames[p] }

// ParsePriority reads a priority's name in any case; INFO is short for informational.
func ParsePriority(s string) (Priority, bool) {
	s = strings.TrimSpace(s)
	if strings.EqualFold(s, "info") {
		return PriorityInformational, true
	}
	i := slices.IndexFunc(priorityNames[:], func(n string) bool { return strings.EqualFold(n, s) })
	return Priority(max(i, 0)), i >= 0
}
