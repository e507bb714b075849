class_name RLSampler
extends RefCounted
## Draws a parameter's value anew for every episode: domain randomisation, written as plain data.
##
## `{"uniform": [a, b]}`, `{"normal": [mean, std]}` (kept inside the parameter's range) or `{"choice": [a, b, c]}`.

const _FORMS := '{"uniform": [from, to]}, {"normal": [mean, deviation]} or {"choice": [value, …]}'

## The sampler as it was given.
var given: Dictionary

var _kind: String
var _values: Array
var _lowest: float
var _highest: float
var _whole: bool


## `lowest` and `highest` bound normal draws; a `whole` number is rounded, and uniform ones include both ends.
func _init(sampler: Dictionary, lowest: float, highest: float, whole: bool) -> void:
	given = sampler
	_kind = sampler.keys()[0]
	_values = sampler[_kind]
	_lowest = lowest
	_highest = highest
	_whole = whole


## The value of the episode that `rng` is seeded for.
func draw(rng: RandomNumberGenerator) -> Variant:
	if _kind == "choice":
		return _values[rng.randi_range(0, _values.size() - 1)]
	var first: float = _values[0]
	var second: float = _values[1]
	if _kind == "normal":
		var number := clampf(rng.randfn(first, second), _lowest, _highest)
		return roundf(number) if _whole else number
	if _whole:
		return rng.randi_range(int(first), int(second))
	return rng.randf_range(first, second)


## What is wrong with a sampler of a numeric or other parameter, "" if nothing; `problem_with` judges one value.
static func problem_in(sampler: Dictionary, numeric: bool, problem_with: Callable) -> String:
	var kind := str(sampler.keys()[0]) if sampler.size() == 1 else ""
	if kind not in ["uniform", "normal", "choice"] or sampler[kind] is not Array:
		return "expected a value, or %s to draw one for every episode; found %s" % [_FORMS, JSON.stringify(sampler)]
	var values: Array = sampler[kind]
	if kind == "choice":
		return _first_problem(values, problem_with) if not values.is_empty() else "expected one choice at least"
	if not numeric:
		return 'expected {"choice": [value, …]} for what is no number, found %s' % JSON.stringify(sampler)
	if values.size() != 2 or not values.all(_is_number):
		return "expected two numbers, found %s" % JSON.stringify(sampler)
	var first: float = values[0]
	var second: float = values[1]
	if kind == "normal":
		return "" if second >= 0.0 else "expected a deviation of at least 0, found %s" % second
	if first > second:
		return "expected the lower number first, found %s" % JSON.stringify(sampler)
	return _first_problem(values, problem_with)


static func _first_problem(values: Array, problem_with: Callable) -> String:
	for value: Variant in values:
		var problem: String = problem_with.call(value)
		if problem != "":
			return problem
	return ""


static func _is_number(value: Variant) -> bool:
	return value is float or value is int
