@tool
@icon("res://addons/spacetime_rl/icons/sensor_target.svg")
class_name RLEntitySensor
extends RLSensor
## A list of things whose number changes, such as opponents or pickups: a row of numbers for each, zeros in unused rows.
##
## The first number of a row is 1 if the row holds a thing, else 0. Training reads the rows as a list without an order
## (`model.entities`). As it is, the sensor sees the nodes of a group: offset 3 in the player's own frame, distance 1.
## [br][br]
## For other things override `entities`; for other numbers override `entity_fields` and `write_entity`.

## Which things get a row where there are more than `most`, and in which order.
enum Order {
	## The nearest ones, nearest first.
	NEAREST,
	## The first ones in the order of `entities`: in a group, that of the scene tree.
	GROUP,
}

## The name of the first number of each row.
const PRESENT := "present"

## The group whose nodes are seen: those inside the agent's arena, without the player itself. Nodes may join or leave it
## at any time.
@export var group := &""
## Rows of the list. Of more things, only this many are seen. Each row makes every observation longer.
@export_range(1, 256) var most := 12
## Which things are seen where there are more than `most`, and in which order.
@export var order := Order.NEAREST
## Metres that become 1, for offset and distance.
@export_range(0.01, 10000.0) var scale_m := 10.0

var _width := 0
# The nearest things found so far, and their squared distances in the same order.
var _nearest: Array[Node] = []
var _distances := PackedFloat64Array()


func _init() -> void:
	label = &"entities"


## Override: the things that there are now, any number in any order. Nothing else may be in the list.
func entities() -> Array[Node]:
	var scope := agent.arena_core.scope
	var player := agent.get_parent()
	var found: Array[Node] = []
	for node: Node in get_tree().get_nodes_in_group(group):
		if node != player and scope.is_ancestor_of(node) and not node.is_queued_for_deletion():
			found.append(node)
	return found


## Override: the named parts of what `write_entity` writes about a thing, in order.
func entity_fields() -> Array[RLField]:
	return [RLField.new("offset", 3, "m/%s" % scale_m), RLField.new("distance", 1, "m/%s" % scale_m)]


## Override: write the numbers of a thing into `buffer`, the first one at `offset`.
func write_entity(entity: Node, buffer: PackedFloat32Array, offset: int) -> void:
	var place := body.global_transform
	var away := ((entity as Node3D).global_position - place.origin) * place.basis / scale_m
	buffer[offset] = away.x
	buffer[offset + 1] = away.y
	buffer[offset + 2] = away.z
	buffer[offset + 3] = away.length()


## Override: by what the order `NEAREST` sorts, smallest first.
func squared_distance_to(entity: Node) -> float:
	return body.global_position.distance_squared_to((entity as Node3D).global_position)


func fields() -> Array[RLField]:
	var columns: PackedStringArray = [PRESENT]
	var units: PackedStringArray = []
	for field: RLField in entity_fields():
		for i: int in field.size:
			columns.append("%s[%d]" % [field.name, i] if field.size > 1 else field.name)
		if field.unit != "":
			units.append("%s %s" % [field.name, field.unit])
	return [RLField.new(label, most * columns.size(), ", ".join(units), columns)]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var found := entities()
	if order == Order.NEAREST:
		_sort(found)
		found = _nearest
	var count := mini(found.size(), most)
	for i: int in count:
		buffer[offset + i * _width] = 1.0
		write_entity(found[i], buffer, offset + i * _width + 1)
	for i: int in range(offset + count * _width, offset + most * _width):
		buffer[i] = 0.0


func setup(of_agent: RLAgent) -> void:
	super(of_agent)
	@warning_ignore("integer_division")
	_width = size / most


# Things at equal distances stay in their order.
func _sort(found: Array[Node]) -> void:
	_nearest.clear()
	_distances.clear()
	for entity: Node in found:
		var distance := squared_distance_to(entity)
		if _nearest.size() == most and distance >= _distances[-1]:
			continue
		var place := _distances.bsearch(distance, false)
		_distances.insert(place, distance)
		_nearest.insert(place, entity)
		if _nearest.size() > most:
			_distances.resize(most)
			_nearest.resize(most)
