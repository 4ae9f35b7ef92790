package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
)

// severityLost is how much it matters that alerts were lost.
const severityLost = bartizan.High

// Options say where outputs run.
type Options struct {
	Hostname string // as alerts name this machine
	Version  string // of Bartizan
	// Report takes what people should know of outputs: that one fails, that it works again, that it refuses an alert. It
	// must not block; nil drops it. No secret is in what it gets.
	Report func(string)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Wait makes Write wait while a queue is full, for input that waits as well, such as a replay. Otherwise what has no
	// room is dropped, counted, and told of as soon as there is room.
	Wait bool
}

// Outputs are those of an alerts file.
type Outputs struct {
	targets []Target
	senders []*sender
}

// Open opens the outputs of an alerts file and begins to deliver what their queues on disk still hold.
func Open(c *Config, o Options) (*Outputs, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	report, mu := o.Report, &sync.Mutex{}
	if report == nil {
		report = func(string) {}
	}
	o.Report = func(s string) { mu.Lock(); defer mu.Unlock(); report(s) }
	outs := &Outputs{targets: c.Targets}
	for _, dir := range c.orphans() {
		o.Report(fmt.Sprintf("%s holds alerts that were not delivered, and the alerts file has no output of that name", dir))
	}
	for i := range c.Targets {
		s, err := open(c, &c.Targets[i], &o)
		if err != nil {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return nil, errors.Join(fmt.Errorf("open output %s: %w", c.Targets[i].Name, err), outs.Close(ctx))
		}
		outs.senders = append(outs.senders, s)
	}
	return outs, nil
}

func open(c *Config, t *Target, o *Options) (*sender, error) {
	messenger, err := t.make(&place{t.Name, cmp.Or(o.Hostname, "localhost"), cmp.Or(o.Version, "unknown"), t.sending.timeout, o.Now})
	if err != nil {
		return nil, err
	}
	var q queue = &memory{most: t.sending.queue}
	if c.Spool != "" {
		if q, err = openSpool(filepath.Join(c.Spool, t.Name), t.sending.queue); err != nil {
			return nil, errors.Join(err, messenger.close())
		}
	}
	return newSender(t.Name, messenger, t.sending, q, o), nil
}

// orphans are the queues on disk of outputs that the file no longer has, if there is something in them.
func (c *Config) orphans() (dirs []string) {
	files, err := filepath.Glob(filepath.Join(c.Spool, "*", "*"+segmentEnding))
	if err != nil || c.Spool == "" {
		return nil
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		known := slices.ContainsFunc(c.Targets, func(t Target) bool { return t.Name == filepath.Base(dir) })
		if !known && !slices.Contains(dirs, dir) && waiting(dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// waiting says whether a queue holds anything, or cannot be looked into.
func waiting(dir string) bool {
	q, err := openSpool(dir, 1<<62)
	if err != nil {
		return true
	}
	n := q.left()
	return q.close() != nil || n > 0
}

// Write gives each output what it wants. When it returns without an error, everything is in the queues.
func (o *Outputs) Write(ctx context.Context, shown []alert.Shown) error {
	var errs []error
	for i, s := range o.senders {
		var wanted []alert.Shown
		for k := range shown {
			if o.targets[i].wants(&shown[k]) {
				wanted = append(wanted, shown[k])
			}
		}
		if len(wanted) > 0 {
			errs = append(errs, s.Write(ctx, wanted))
		}
	}
	return errors.Join(errs...)
}

// Close delivers what is left until ctx ends, by all outputs at once.
func (o *Outputs) Close(ctx context.Context) error {
	errs := make([]error, len(o.senders))
	var wg sync.WaitGroup
	for i, s := range o.senders {
		wg.Go(func() { errs[i] = s.Close(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Status is how each output fares, in the order of the file.
func (o *Outputs) Status() (all []Status) {
	for _, s := range o.senders {
		all = append(all, s.fares())
	}
	return all
}
