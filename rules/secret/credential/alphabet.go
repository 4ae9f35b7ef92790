package credential

import "math"

// alphabet says which bytes belong to it.
type alphabet [256]bool

func letters(ranges string) *alphabet {
	var a alphabet
	for i := 0; i+1 < len(ranges); i += 2 {
		for c := int(ranges[i]); c <= int(ranges[i+1]); c++ {
			a[c] = true
		}
	}
	return &a
}

// The alphabets of tokens: pairs of first and last letter.
var (
	digits     = letters("09")
	lowerHex   = letters("09af")
	lowerAlnum = letters("09az")
	upperAlnum = letters("09AZ")
	alnum      = letters("09AZaz")
	base64Std  = letters("09AZaz++//==")
	word       = letters("09AZaz__--")
	dotted     = letters("09AZaz__--..")
	tilde      = letters("09AZaz__--..~~")
	urlCoded   = letters("09AZaz%%++//")
	nameBytes  = letters("09AZaz__--..")
)

// run is the length of the longest beginning of a text in an alphabet, at most limit.
func (a *alphabet) run(text string, limit int) int {
	n := 0
	for n < len(text) && n < limit && a[text[n]] {
		n++
	}
	return n
}

// runBack is the same from the end of a text.
func (a *alphabet) runBack(text string, limit int) int {
	n := 0
	for n < len(text) && n < limit && a[text[len(text)-1-n]] {
		n++
	}
	return n
}

// entropy is Shannon's, in bits a byte.
func entropy(text string) float64 {
	var count [256]int
	for i := range len(text) {
		count[text[i]]++
	}
	sum := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(text))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}
