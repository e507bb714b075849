@icon("res://addons/spacetime_rl/icons/params.svg")
class_name RLParams
extends Resource
## Base of a scenario's parameters: a subclass declares typed, documented `@export var`s, and a run overrides them.
##
## `@export_range` and `@export_enum` are enforced. Types: bool, int, float, String. A run may give a sampler in place
## of a value (see RLSampler); the parameter then has another value in every episode.

# Of the parameters that are drawn.
var _samplers: Dictionary[String, RLSampler] = {}
var _rng := RandomNumberGenerator.new()


## Names that an arena's `_build` depends on: they can be set at launch only, and not be drawn.
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
		var property: Dictionary = known[key]
		var problem := _problem_with(property, values[key])
		if problem != "":
			problems.append("parameter '%s': %s" % [key, problem])
		elif key in _launch_only() and values[key] is Dictionary:
			problems.append("parameter '%s' can be set at launch only: it cannot be drawn every episode" % key)
		elif running and key in _launch_only() and get(key) != values[key]:
			problems.append("parameter '%s' can be set at launch only" % key)
	if not problems.is_empty():
		return problems
	var before := to_dict()
	_set_all(values, known)
	problems = _check()
	if not problems.is_empty():
		_set_all(before, known)
	return problems


## For the arena: draw the values of an episode. Each parameter has a generator of its own, so that what is drawn for it
## depends on nothing else. Returns what is wrong with the values taken together.
func draw(episode_seed: int) -> PackedStringArray:
	if _samplers.is_empty():
		return []
	for key: String in _samplers:
		_rng.seed = hash([episode_seed, key])
		set(key, _samplers[key].draw(_rng))
	return _check()


## All parameters with their present values, or their samplers.
func to_dict() -> Dictionary:
	var result := {}
	for key: String in _declared():
		result[key] = _samplers[key].given if _samplers.has(key) else get(key)
	return result


func _set_all(values: Dictionary, declared: Dictionary) -> void:
	for key: String in values:
		var property: Dictionary = declared[key]
		var type: int = property["type"]
		if values[key] is Dictionary:
			_samplers[key] = _sampler_of(property, values[key] as Dictionary)
		else:
			_samplers.erase(key)
			set(key, type_convert(values[key], type))


func _sampler_of(property: Dictionary, given: Dictionary) -> RLSampler:
	var type: int = property["type"]
	var values := {}
	for kind: String in given:
		var listed: Array = given[kind]
		# JSON has one kind of number; a choice must be of the parameter's type.
		values[kind] = (
			listed.map(func(x: Variant) -> Variant: return type_convert(x, type)) if kind == "choice" else listed
		)
	var limits := _limits_of(property)
	return RLSampler.new(values, limits[0], limits[1], type == TYPE_INT)


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
	if value is not Dictionary:
		return _problem_with_value(value, property)
	var type: int = property["type"]
	var numeric := type == TYPE_INT or type == TYPE_FLOAT
	return RLSampler.problem_in(value as Dictionary, numeric, _problem_with_value.bind(property))


func _problem_with_value(value: Variant, property: Dictionary) -> String:
	var type: int = property["type"]
	if not _fits(type, value):
		return "%s is not of type %s" % [JSON.stringify(value), type_string(type)]
	var hint: int = property["hint"]
	if hint == PROPERTY_HINT_RANGE:
		var number: float = value
		var limits := _limits_of(property)
		if number < limits[0] or number > limits[1]:
			var shown := [value, _declared_limit(property, 0), _declared_limit(property, 1)].map(
				func(x: float) -> Variant: return type_convert(x, type)
			)
			return "%s is outside %s..%s" % shown
	elif hint == PROPERTY_HINT_ENUM and type == TYPE_STRING:
		var choices := str(property["hint_string"]).split(",")
		if str(value) not in choices:
			return "'%s' is none of %s" % [value, ", ".join(choices)]
	return ""


# Lowest and highest value; infinite where the range is open.
func _limits_of(property: Dictionary) -> PackedFloat64Array:
	if property["hint"] != PROPERTY_HINT_RANGE:
		return [-INF, INF]
	var words := str(property["hint_string"]).split(",")
	return [
		-INF if "or_less" in words else _declared_limit(property, 0),
		INF if "or_greater" in words else _declared_limit(property, 1),
	]


func _declared_limit(property: Dictionary, index: int) -> float:
	return str(property["hint_string"]).get_slice(",", index).to_float()


func _fits(type: int, value: Variant) -> bool:
	# JSON has one kind of number, so a whole float is an int.
	var number := value is float or value is int
	if type == TYPE_INT:
		return number and float(str(value)) == floorf(float(str(value)))
	return number if type == TYPE_FLOAT else typeof(value) == type
