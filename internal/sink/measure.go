package sink

// Columns is the number of columns that a Printable text takes on a terminal.
func Columns(text string) int { return columns(text) }

// Wrap makes a text Printable and breaks it into lines of a width; there is at least one.
func Wrap(text string, width int) []string { return wrap(text, width) }
