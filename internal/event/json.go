package event

// ParseValue checks a JSON text that holds one value, as records of other sources than the audit log do.
func ParseValue(text string) (Value, error) {
	if len(text) > MaxBytes {
		return Value{}, &FaultError{MaxBytes, "the record is larger than 4 MiB"}
	}
	start := space(text, 0)
	end := value(text, start, 0)
	if end < 0 {
		return Value{}, &FaultError{start, "no valid JSON"}
	}
	if rest := space(text, end); rest < len(text) {
		return Value{}, &FaultError{rest, "text behind the value"}
	}
	return Value{text[start:end]}, nil
}

// Int is a number that is written as a whole one.
func (v Value) Int() (n int64, ok bool) {
	raw, negative := v.raw, false
	if raw != "" && raw[0] == '-' {
		raw, negative = raw[1:], true
	}
	if raw == "" || len(raw) > 18 {
		return 0, false
	}
	for i := range len(raw) {
		if raw[i] < '0' || raw[i] > '9' {
			return 0, false
		}
		n = 10*n + int64(raw[i]-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}
