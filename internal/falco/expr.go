package falco

// expr is a node of a condition's tree.
type expr struct {
	kind exprKind
	kids []*expr // of and, or, not
	at   int     // where it begins in the script
	end  int
	from *script

	macro string // the name of a macro; def is set when it was resolved
	def   *macroDef

	left  *operand // of a comparison
	op    operator
	mod   modifier
	opAt  int
	right *operand
}

type exprKind uint8

const (
	exprAnd exprKind = iota
	exprOr
	exprNot
	exprMacro
	exprCompare
)

// operand is a side of a comparison.
type operand struct {
	kind    operandKind
	name    string // of a field or transformer
	arg     string // in brackets
	hasArg  bool
	args    []*operand // of a transformer or a list of operands
	values  []value    // of a value (one) or a list
	at, end int
}

type operandKind uint8

const (
	fieldOperand operandKind = iota
	valueOperand
	listOperand
	transformOperand
	argListOperand // a list in a transformer's arguments, which may hold fields
)

// value is a literal.
type value struct {
	text   string
	quoted bool
	at     int
}
