package engine

// interner keeps one copy of texts that come again and again: ten thousand workloads share their paths,
// messages and patches. It is bounded; what comes after that is not shared.
type interner struct {
	texts   map[string]string
	patches map[string][]byte
}

const maxInterned = 1 << 16 // texts

func newInterner() *interner {
	return &interner{texts: map[string]string{}, patches: map[string][]byte{}}
}

func (in *interner) text(s string) string {
	if known, ok := in.texts[s]; ok {
		return known
	}
	if len(in.texts) < maxInterned {
		in.texts[s] = s
	}
	return s
}

func (in *interner) patch(b []byte) []byte {
	if known, ok := in.patches[string(b)]; ok {
		return known
	}
	if len(b) > 0 && len(in.patches) < maxInterned {
		in.patches[string(b)] = b
	}
	return b
}
