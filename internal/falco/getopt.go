package falco

func getoptTypes(t *term, hasArg bool) string {
	switch {
	case len(t.args) != 2:
		return "it takes a list of arguments and the options' letters"
	case !t.args[0].list || t.args[0].typ != StringType:
		return "the first argument is a list of texts, not " + t.args[0].what()
	case t.args[1].list || t.args[1].typ != StringType:
		return "the second argument is a single text, not " + t.args[1].what()
	case hasArg && len(t.arg.key) != 1:
		return "what stands in brackets is one letter of an option"
	}
	t.typ, t.list = StringType, !hasArg
	return ""
}

// options says which letters are options, and which of them take a value.
type options struct{ known, valued [256]bool }

func readOptions(s string) (o options) {
	for i := 0; i < len(s); i++ {
		if s[i] == ':' {
			continue
		}
		o.known[s[i]] = true
		if i+1 < len(s) && s[i+1] == ':' {
			o.valued[s[i]] = true
			i++
		}
	}
	return o
}

// applyGetopt splits a command line as getopt(3) does. Without a selector the result is the options and their values
// in order, with ? for an unknown option; with one it is the last value of that option, or its letter if it takes none.
func applyGetopt(f *frame, t *term, v *Value) bool {
	argv, letters := f.value(t.args[0].slot), f.value(t.args[1].slot)
	if argv == nil || letters == nil {
		return false
	}
	o := readOptions(letters.Text)
	found := false
	scanOptions(argv.List, &o, func(letter, val string, valued bool) {
		switch {
		case t.arg.key == "":
			v.List = append(v.List, letter)
			if valued {
				v.List = append(v.List, val)
			}
		case letter == t.arg.key:
			if found, v.Text = true, letter; valued {
				v.Text = val
			}
		case letter == "" && val == t.arg.key: // its value is missing
			found, v.Text = true, ""
		}
	})
	return t.arg.key == "" && len(v.List) > 0 || found
}

// scanOptions calls emit for each option. One whose value is missing has an empty letter, and its letter as the value.
func scanOptions(argv []string, o *options, emit func(letter, val string, valued bool)) {
	for i := 0; i < len(argv); i++ {
		a := argv[i]
		if a == "--" || len(a) < 2 || a[0] != '-' {
			return
		}
		if a[1] == '-' {
			continue // a long option
		}
	cluster:
		for j := 1; j < len(a); j++ {
			letter := a[j : j+1]
			switch {
			case a[j] == ':' || !o.known[a[j]]:
				emit("?", "", false)
			case !o.valued[a[j]]:
				emit(letter, "", false)
			case j+1 < len(a):
				emit(letter, a[j+1:], true)
				break cluster
			case i+1 < len(argv):
				i++
				emit(letter, argv[i], true)
				break cluster
			default:
				emit("", letter, false)
				break cluster
			}
		}
	}
}
