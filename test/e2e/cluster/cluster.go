package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Cluster is a running control plane.
type Cluster struct {
	Profile    Profile
	Server     string       // the URL of the API server
	CA         string       // the file of the authority that signs its certificate and those of users
	Dir        string       // the directory of all its files, removed by Stop
	AuditLog   string       // the audit log, or empty
	Token      string       // a static token of a cluster administrator, in the weak profile only
	Etcd       EtcdAccess   // how to reach etcd as the API server does
	Components []*Component // the processes, etcd first

	admin  Access
	layout layout
	users  atomic.Int64
	lock   *os.File
	stop   sync.Once
	api    *api
}

// keepVariable names the environment variable that keeps the files of clusters, logs among them.
const keepVariable = "BARTIZAN_E2E_KEEP"

// patience is how long a control plane may take to become ready: far more than it needs, for a loaded machine.
const patience = 3 * time.Minute

// Start starts a cluster for one test and stops it when the test is over.
func Start(t testing.TB, profile Profile, options ...Option) *Cluster {
	t.Helper()
	binaries := Build(t)
	c, err := Launch(context.Background(), binaries, profile, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// Launch is [Start] for a caller that is not a test, who has to call [Cluster.Stop].
func Launch(ctx context.Context, binaries Binaries, profile Profile, options ...Option) (*Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for attempt := 1; ; attempt++ {
		c, err := launchOnce(ctx, binaries, newSettings(profile, options))
		if err == nil {
			return c, nil
		}
		// Between choosing a free port and listening on it somebody else may have taken it.
		if attempt == 3 || !errors.Is(err, errPortTaken) {
			return nil, fmt.Errorf("starting a %s cluster: %w", profile, err)
		}
	}
}

// Stop kills the processes and removes the files. It may be called again.
func (c *Cluster) Stop() {
	c.stop.Do(func() {
		c.kill()
		if os.Getenv(keepVariable) != "" {
			fmt.Fprintf(os.Stderr, "%s is set: the files of the %s cluster stay in %s\n", keepVariable, c.Profile, c.Dir)
		} else if err := os.RemoveAll(c.Dir); err != nil {
			fmt.Fprintf(os.Stderr, "removing the files of the %s cluster: %v; remove them by hand\n", c.Profile, err)
		}
		c.lock.Close()
	})
}

// kill ends the processes, last one first.
func (c *Cluster) kill() {
	for _, component := range slices.Backward(c.Components) {
		component.Kill()
	}
}

// launchOnce starts a cluster on ports that were free a moment ago.
func launchOnce(ctx context.Context, binaries Binaries, s settings) (*Cluster, error) {
	dir, lock, err := newRunDirectory()
	if err != nil {
		return nil, err
	}
	c := &Cluster{Profile: s.profile, Dir: dir, lock: lock, layout: layout{settings: s, dir: dir}}
	if err := c.run(ctx, binaries); err != nil {
		c.kill() // or the ports would be taken by our own processes
		taken := c.layout.ports.taken()
		c.Stop()
		return nil, errors.Join(err, taken)
	}
	return c, nil
}

// run makes the files, starts the processes and waits until they are ready.
func (c *Cluster) run(ctx context.Context, binaries Binaries) error {
	var err error
	l := &c.layout
	if l.ports, err = freePorts(); err != nil {
		return err
	}
	if l.pki, err = newPKI(l.file("pki")); err != nil {
		return err
	}
	if c.Token, err = l.writeConfig(); err != nil {
		return err
	}
	c.Server, c.CA, c.Etcd = l.serverURL(), l.pki.path("ca.crt"), l.etcdAccess()
	if l.auditLog {
		c.AuditLog = l.file("audit.log")
	}
	admin := request{name: "kubernetes-admin", groups: []string{"system:masters"}}
	if c.admin, err = l.access(l.file("admin.kubeconfig"), admin); err != nil {
		return err
	}
	if c.api, err = newAPI(c.admin.Config, l.profile == Hardened && !l.policiesOnly); err != nil {
		return err
	}
	if err := c.launch(binaries, Etcd, l.etcdFlags()); err != nil {
		return err
	}
	if err := c.launch(binaries, APIServer, l.apiServerFlags()); err != nil {
		return err
	}
	if err := c.waitFor(ctx, APIServer, "to be ready", c.api.ready); err != nil {
		return err
	}
	if l.profile == Weak {
		if err := c.waitFor(ctx, APIServer, "to accept a role binding", c.api.bindAnonymous); err != nil {
			return err
		}
	}
	if l.controllers {
		return c.runControllers(ctx, binaries)
	}
	return nil
}

// runControllers starts kube-controller-manager and waits for the first sign of its work.
func (c *Cluster) runControllers(ctx context.Context, binaries Binaries) error {
	path := c.layout.file("controller-manager.kubeconfig")
	if _, err := c.layout.access(path, request{name: "system:kube-controller-manager"}); err != nil {
		return err
	}
	if err := c.launch(binaries, ControllerManager, c.layout.controllerFlags()); err != nil {
		return err
	}
	return c.waitFor(ctx, ControllerManager, "to make the first service account", c.api.controlled)
}

// launch starts one more process.
func (c *Cluster) launch(binaries Binaries, name string, flags []string) error {
	component, err := Run(binaries.Path(name), c.Dir, flags...)
	if err != nil {
		return err
	}
	c.Components = append(c.Components, component)
	return nil
}

// waitFor waits until done answers nil, or gives up with the reason and the log of the component waited for.
func (c *Cluster) waitFor(ctx context.Context, name, what string, done func(context.Context) error) error {
	for {
		err := done(ctx)
		if err == nil {
			return nil
		}
		for _, component := range c.Components {
			if ended := component.Ended(); ended != nil {
				return ended
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s %s: %w; last answer: %w; the end of its log:\n%s", name, what, ctx.Err(),
				err, c.Component(name).Tail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Component is the process of that name, or nil when it was not started.
func (c *Cluster) Component(name string) *Component {
	for _, component := range c.Components {
		if component.Name == name {
			return component
		}
	}
	return nil
}

// errPortTaken says that one of the chosen ports now belongs to somebody else.
var errPortTaken = errors.New("a port that was free is taken now")

// freePorts chooses loopback ports that nobody listens on.
func freePorts() (ports, error) {
	var p ports
	for _, port := range []*int{&p.api, &p.etcd, &p.etcdPeer, &p.controllers} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, fmt.Errorf("looking for a free port on the loopback address: %w", err)
		}
		defer listener.Close() // only after all are chosen, so that they differ
		*port = listener.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

// taken answers errPortTaken when one of the ports cannot be listened on.
func (p ports) taken() error {
	for _, port := range []int{p.api, p.etcd, p.etcdPeer, p.controllers} {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return fmt.Errorf("%w: %w", errPortTaken, err)
		}
		listener.Close()
	}
	return nil
}
