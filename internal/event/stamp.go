package event

import "time"

// stamp reads a time as the API server writes it, 2026-11-21T09:08:07.123456Z, with any number of decimals up to nine. Other
// times that RFC 3339 allows are for the standard library.
func stamp(s string) (t time.Time, ok bool) {
	if len(s) < len("2026-11-21T09:08:07Z") || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[len(s)-1] != 'Z' {
		return t, false
	}
	bad := false
	number := func(s string) (n int) {
		for i := range len(s) {
			bad = bad || s[i] < '0' || s[i] > '9'
			n = 10*n + int(s[i]-'0')
		}
		return n
	}
	year, month, day := number(s[:4]), number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	part := s[19 : len(s)-1]
	nanos := 0
	if part != "" {
		if part[0] != '.' || len(part) < 2 || len(part) > 10 {
			return t, false
		}
		nanos = number(part[1:])
		for range 10 - len(part) {
			nanos *= 10
		}
	}
	if bad || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return t, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC), true
}
