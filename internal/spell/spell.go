// Package spell finds the known word that somebody who wrote another one most likely meant: a rule, a key of a file, a
// field of a template. It is for the hint at the end of an error, never for going on with what was meant. The hints for
// kinds of Kubernetes are internal/kube's.
package spell

import (
	"fmt"
	"strings"
)

// maxWord bounds the words that are compared: what is longer resembles nothing.
const maxWord = 200

// Nearest is the known word that a misspelt one resembles most, the first of several; empty if it resembles none.
// Capitals make no difference.
func Nearest(word string, known []string) string {
	best, least := "", min(len(word)/2+1, len(word)/4+2) // of a long word fewer letters may be wrong
	word = strings.ToLower(word)
	for _, k := range known {
		if d := distance(word, strings.ToLower(k), least); d < least {
			best, least = k, d
		}
	}
	return best
}

// DidYouMean is a hint at the known word that a misspelt one resembles, in parentheses with a blank before them; or empty.
func DidYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

// distance counts the changes that make one word of another, up to a limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > maxWord {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
