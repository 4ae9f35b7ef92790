package notify

// queue keeps records until they are delivered. put takes all or none; peek gives the next without taking them.
type queue interface {
	put(records [][]byte) error
	peek(items, bytes int) ([][]byte, error)
	done(records [][]byte) error
	left() int
	close() error
}

// memory is a queue that ends with the process.
type memory struct {
	most, bytes int64
	records     [][]byte
}

func (m *memory) put(records [][]byte) error {
	size := int64(0)
	for _, r := range records {
		size += int64(len(r))
	}
	if m.bytes+size > m.most {
		return errFull
	}
	m.bytes += size
	m.records = append(m.records, records...)
	return nil
}

func (m *memory) peek(items, bytes int) ([][]byte, error) {
	n, size := 0, 0
	for n < len(m.records) && n < items && (n == 0 || size+len(m.records[n]) <= bytes) {
		size += len(m.records[n])
		n++
	}
	return m.records[:n:n], nil
}

func (m *memory) done(records [][]byte) error {
	for i := range records {
		m.bytes -= int64(len(m.records[i]))
		m.records[i] = nil
	}
	m.records = m.records[len(records):]
	return nil
}

func (m *memory) left() int    { return len(m.records) }
func (m *memory) close() error { return nil }
