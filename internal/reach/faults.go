package reach

import "github.com/bartizan-dev/bartizan"

// FaultCode says what sort of a fault it is.
type FaultCode string

// The faults.
const (
	BrokenPolicy    FaultCode = "broken-policy"
	DuplicatePolicy FaultCode = "duplicate-policy"
	SelectsNothing  FaultCode = "selects-nothing"
	NoEffect        FaultCode = "no-effect"
	NeverMatches    FaultCode = "never-matches"
	Shadowed        FaultCode = "shadowed"
	UndefinedOrder  FaultCode = "undefined-order"
)

// Fault is something wrong with a policy.
type Fault struct {
	Code      FaultCode
	Policy    bartizan.Ref
	Direction Direction
	Rule      int // -1 for the policy as a whole
	Message   string
	Origin    bartizan.Origin
}
