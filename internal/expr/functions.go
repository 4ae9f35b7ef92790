package expr

// function is a function or method over evaluated arguments, none of which is an error. One of its forms is
// set, by the number of arguments; the receiver is the first of them.
type function struct {
	one  func(*Frame, Value) Value
	two  func(*Frame, Value, Value) Value
	many func(*Frame, []Value) Value
}

// signature names a function with its number of arguments, the receiver included.
type signature struct {
	name   string
	args   int
	method bool
}

// functions are the functions and methods of the subset that need no plan of their own: CEL's standard library
// (CEL spec, "List of Standard Definitions"), cel-go's extensions and Kubernetes' libraries (Kubernetes
// documentation, "Common Expression Language in Kubernetes").
var functions = map[signature]function{
	// Standard library.
	{"size", 1, false}: {one: size}, {"size", 1, true}: {one: size},
	{"type", 1, false}:   {one: typeOf},
	{"dyn", 1, false}:    {one: func(_ *Frame, v Value) Value { return v }},
	{"string", 1, false}: {one: toString}, {"bool", 1, false}: {one: toBool},
	{"int", 1, false}: {one: toInt}, {"uint", 1, false}: {one: toUint}, {"double", 1, false}: {one: toDouble},

	// Optionals.
	{"optional.none", 0, false}:           {many: func(*Frame, []Value) Value { return None }},
	{"optional.of", 1, false}:             {one: optionalOf},
	{"optional.ofNonZeroValue", 1, false}: {one: optionalOfNonZero},
	{"optional.unwrap", 1, false}:         {one: unwrapAll},
	{"unwrapOpt", 1, true}:                {one: unwrapAll},

	// Strings.
	{"lowerAscii", 1, true}: {one: lowerASCII}, {"upperAscii", 1, true}: {one: upperASCII},
	{"trim", 1, true}:    {one: trim},
	{"charAt", 2, true}:  {two: charAt},
	{"indexOf", 2, true}: {two: indexOf}, {"indexOf", 3, true}: {many: indexFrom},
	{"lastIndexOf", 2, true}: {two: lastIndexOf}, {"lastIndexOf", 3, true}: {many: lastIndexFrom},
	{"substring", 2, true}: {two: substringFrom}, {"substring", 3, true}: {many: substring},
	{"split", 2, true}: {two: split}, {"split", 3, true}: {many: splitN},
	{"replace", 3, true}: {many: replace}, {"replace", 4, true}: {many: replace},
	{"join", 1, true}:           {one: join},
	{"join", 2, true}:           {two: joinWith},
	{"strings.quote", 1, false}: {one: quote},

	// Regular expressions.
	{"find", 2, true}: {two: find}, {"findAll", 2, true}: {two: findAll}, {"findAll", 3, true}: {many: findN},

	// Lists and sets.
	{"isSorted", 1, true}: {one: isSorted}, {"sum", 1, true}: {one: sum},
	{"min", 1, true}: {one: minimum}, {"max", 1, true}: {one: maximum},
	{"flatten", 1, true}: {one: flatten}, {"flatten", 2, true}: {two: flattenTo},
	{"distinct", 1, true}: {one: distinct},
	{"reverse", 1, true}:  {one: reverse},
	{"sort", 1, true}:     {one: sortList},
	{"slice", 3, true}:    {many: slice},
	{"first", 1, true}:    {one: first}, {"last", 1, true}: {one: last},
	{"lists.range", 1, false}:     {one: numbers},
	{"includes", 2, true}:         {two: includes},
	{"sets.contains", 2, false}:   {two: setContains},
	{"sets.intersects", 2, false}: {two: setIntersects},
	{"sets.equivalent", 2, false}: {two: setEquivalent},

	// Quantities.
	{"quantity", 1, false}: {one: quantity}, {"isQuantity", 1, false}: {one: isQuantity},
	{"sign", 1, false}:              {one: quantitySign},
	{"isGreaterThan", 2, true}:      {two: isGreaterThan},
	{"isLessThan", 2, true}:         {two: isLessThan},
	{"compareTo", 2, true}:          {two: compareTo},
	{"asInteger", 1, true}:          {one: asInteger},
	{"isInteger", 1, true}:          {one: isInteger},
	{"asApproximateFloat", 1, true}: {one: asFloat},
	{"add", 2, true}:                {two: quantityAdd}, {"sub", 2, true}: {two: quantitySub},

	// Addresses.
	{"ip", 1, false}: {one: toIP}, {"isIP", 1, false}: {one: isIP}, {"ip.isCanonical", 1, false}: {one: isCanonical},
	{"family", 1, true}:               {one: family},
	{"isUnspecified", 1, true}:        {one: ipTest("isUnspecified")},
	{"isLoopback", 1, true}:           {one: ipTest("isLoopback")},
	{"isLinkLocalMulticast", 1, true}: {one: ipTest("isLinkLocalMulticast")},
	{"isLinkLocalUnicast", 1, true}:   {one: ipTest("isLinkLocalUnicast")},
	{"isGlobalUnicast", 1, true}:      {one: ipTest("isGlobalUnicast")},
	{"cidr", 1, false}:                {one: toCIDR}, {"isCIDR", 1, false}: {one: isCIDR},
	{"containsIP", 2, true}: {two: containsIP}, {"containsCIDR", 2, true}: {two: containsCIDR},
	{"ip", 1, true}: {one: cidrIP}, {"masked", 1, true}: {one: masked}, {"prefixLength", 1, true}: {one: prefixLength},
}
