package hunt

import (
	"bufio"
	"slices"
	"strconv"
	"strings"
)

// process is what the kernel lets the hunt's own process do.
type process struct {
	Capabilities []string `json:"capabilities"` // effective
	Every        bool     `json:"every"`        // all of them: a privileged container
	UID          int      `json:"uid"`
	Seccomp      bool     `json:"seccomp"` // a filter is there
	NoNewPrivs   bool     `json:"noNewPrivs"`
	SeesNode     bool     `json:"seesNode"` // process 1 is the node's
}

// capabilityNames are in the order of their bits.
var capabilityNames = strings.Fields(`CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
	LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
	SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE
	AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`)

// readProcess reads /proc/self/status; nil where that cannot be read.
func readProcess(status string) *process {
	p := &process{Capabilities: []string{}, UID: -1}
	known := false
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "CapEff":
			bits, err := strconv.ParseUint(value, 16, 64)
			if err != nil {
				return nil
			}
			known = true
			p.capabilities(bits)
		case "Uid":
			if f := strings.Fields(value); len(f) > 1 {
				p.UID, _ = strconv.Atoi(f[1])
			}
		case "Seccomp":
			p.Seccomp = value == "2"
		case "NoNewPrivs":
			p.NoNewPrivs = value == "1"
		}
	}
	if !known {
		return nil
	}
	return p
}

func (p *process) capabilities(bits uint64) {
	for i, name := range capabilityNames {
		if bits&(1<<i) != 0 {
			p.Capabilities = append(p.Capabilities, name)
		}
	}
	p.Every = len(p.Capabilities) >= 37 // as many as the oldest kernels that Kubernetes runs on know
}

// mount is a directory of the node that the pod sees.
type mount struct {
	Path     string `json:"path"`   // in the pod
	Source   string `json:"source"` // on the node's file system
	Writable bool   `json:"writable"`
}

// The kubelet and the runtimes mount their own files into every pod; they tell which device is the node's.
var managed = []string{"/kubelet/pods/", "/containerd/", "/containers/", "/docker/", "/crio/", "/cri-o/", "/sandboxes/"}

const maxMounts = 1000

// hostMounts finds, in /proc/self/mountinfo, the directories of the node that were mounted on purpose.
func hostMounts(mountinfo string) []mount {
	type entry struct {
		mount
		device, kind string
	}
	var all []entry
	node := map[string]bool{} // devices
	lines := bufio.NewScanner(strings.NewReader(mountinfo))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && len(all) < maxMounts {
		f := strings.Fields(lines.Text())
		dash := slices.Index(f, "-")
		if dash < 6 || len(f) < dash+3 {
			continue
		}
		e := entry{device: f[2], kind: f[dash+1]}
		e.Source, e.Path = plainText(f[3], 300), plainText(f[4], 300)
		e.Writable = slices.Contains(strings.Split(f[5], ","), "rw")
		if slices.ContainsFunc(managed, func(m string) bool { return strings.Contains(e.Source, m) }) {
			node[e.device] = true
			continue
		}
		all = append(all, e)
	}
	found := []mount{}
	for _, e := range all {
		deep := e.Source != "/" && slices.Contains([]string{"ext4", "xfs", "btrfs", "tmpfs", "zfs", "overlay", "ext3"}, e.kind)
		if e.Path != "/" && (deep && !strings.HasPrefix(e.Path, "/proc/") && !strings.HasPrefix(e.Path, "/sys/") || e.Source == "/" && node[e.device]) {
			found = append(found, e.mount)
		}
	}
	return found
}
