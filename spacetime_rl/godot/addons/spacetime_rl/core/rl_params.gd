class_name RLParams
extends Resource
## Base of a scenario's parameters: a subclass declares typed, documented `@export var`s, and a run overrides them.
##
## `@export_range` and `@export_enum` are enforced. Types: bool, int, float, String.


## Names that `RLArena._build` depends on: they can be set at launch only.
func _launch_only() -> PackedStringArray:
	return []


## Override: what is wrong with the values taken together, one sentence for each mistake.
func _check() -> PackedStringArray:
	return []


## Set values by name. Returns one sentence for each mistake; with a mistake nothing is set.
func apply(values: Dictionary, running: bool = false) -> PackedStringArray:
	var known := _declared()
	var problems: PackedStringArray = []
	for key: String in values:
		if not known.has(key):
			problems.append("unknown parameter '%s'%s" % [key, _suggestion(key, known.keys())])
			continue
		if running and key in _launch_only() and get(key) != values[key]:
			problems.append("parameter '%s' can be set at launch only" % key)
		var property: Dictionary = known[key]
		var problem := _problem_with(property, values[key])
		if problem != "":
			problems.append("parameter '%s': %s" % [key, problem])
	if not problems.is_empty():
		return problems
	var before := to_dict()
	_set_all(values, known)
	problems = _check()
	if not problems.is_empty():
		_set_all(before, known)
	return problems


## All parameters with their present values.
func to_dict() -> Dictionary:
	var result := {}
	for key: String in _declared():
		result[key] = get(key)
	return result


func _set_all(values: Dictionary, declared: Dictionary) -> void:
	for key: String in values:
		var property: Dictionary = declared[key]
		var type: int = property["type"]
		set(key, type_convert(values[key], type))


func _declared() -> Dictionary:
	var result := {}
	for property: Dictionary in get_property_list():
		var usage: int = property["usage"]
		if usage & PROPERTY_USAGE_SCRIPT_VARIABLE and usage & PROPERTY_USAGE_EDITOR:
			result[property["name"]] = property
	return result


func _suggestion(key: String, names: Array) -> String:
	var best := ""
	for name: String in names:
		if key.similarity(name) > maxf(key.similarity(best), 0.4):
			best = name
	return "; did you mean '%s'?" % best if best != "" else "; known are: %s" % ", ".join(names)


func _problem_with(property: Dictionary, value: Variant) -> String:
	var type: int = property["type"]
	if not _fits(type, value):
		return "%s is not of type %s" % [JSON.stringify(value), type_string(type)]
	var hint: int = property["hint"]
	var limits: PackedStringArray = str(property["hint_string"]).split(",")
	if hint == PROPERTY_HINT_RANGE:
		var number: float = value
		var too_low := number < limits[0].to_float() and "or_less" not in limits
		if too_low or (number > limits[1].to_float() and "or_greater" not in limits):
			var shown := [number, limits[0].to_float(), limits[1].to_float()].map(
				func(x: float) -> Variant: return type_convert(x, type)
			)
			return "%s is outside %s..%s" % shown
	elif hint == PROPERTY_HINT_ENUM and type == TYPE_STRING and str(value) not in limits:
		return "'%s' is none of %s" % [value, ", ".join(limits)]
	return ""


func _fits(type: int, value: Variant) -> bool:
	# JSON has one kind of number, so a whole float is an int.
	var number := value is float or value is int
	if type == TYPE_INT:
		return number and float(str(value)) == floorf(float(str(value)))
	return number if type == TYPE_FLOAT else typeof(value) == type
