@tool
extends SensorTest
## Lists of things whose number changes: one row for each, nearest first or in order, zeros in unused rows.

const GROUP := &"pickups"

var _arena: RLArena
var _agent: RLAgent
var _body: CharacterBody3D


## Things with a number of their own, in an order of their own.
class PricedSensor:
	extends RLEntitySensor

	var things: Array[Node] = []

	func entities() -> Array[Node]:
		return things

	func entity_fields() -> Array[RLField]:
		return [RLField.new("price", 1, "coins/10")]

	func write_entity(entity: Node, buffer: PackedFloat32Array, offset: int) -> void:
		buffer[offset] = (entity.get_meta(&"price") as float) / 10.0


func test_the_nearest_things_of_the_group_come_first_in_the_players_own_frame() -> void:
	var sensor := _attach(RLEntitySensor.new(), 2)
	_put(Vector3(0.0, 0.0, -9.0))
	_put(Vector3(-3.0, 4.0, 0.0))
	_put(Vector3(0.0, 0.0, 1.0))
	_body.rotate_y(PI / 2.0)
	_check_values(_written(sensor), [1.0, -0.1, 0.0, 0.0, 0.1, 1.0, 0.0, 0.4, -0.3, 0.5])


func test_in_the_order_of_the_group_the_first_ones_are_seen() -> void:
	var sensor := _attach(RLEntitySensor.new(), 2)
	sensor.order = RLEntitySensor.Order.GROUP
	for z: float in [9.0, 5.0, 1.0]:
		_put(Vector3(0.0, 0.0, z))
	_check_values(_written(sensor), [1.0, 0.0, 0.0, 0.9, 0.9, 1.0, 0.0, 0.0, 0.5, 0.5])


func test_rows_without_a_thing_are_zeros_whatever_was_there_before() -> void:
	var sensor := _attach(RLEntitySensor.new(), 2)
	var thing := _put(Vector3(0.0, 0.0, -1.0))
	_check_values(_written(sensor), [1.0, 0.0, 0.0, -0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0])
	thing.remove_from_group(GROUP)
	var buffer := PackedFloat32Array([7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0])
	sensor.write(buffer, 0)
	_check_values(buffer, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])


func test_the_player_things_of_other_arenas_and_things_to_be_freed_are_not_seen() -> void:
	var sensor := _attach(RLEntitySensor.new(), 2)
	_body.add_to_group(GROUP)
	var elsewhere := Node3D.new()
	elsewhere.add_to_group(GROUP)
	add_child(elsewhere)
	_put(Vector3.ONE).queue_free()
	check_equal(sensor.entities().size(), 0, "things seen")


func test_things_at_one_distance_stay_in_their_order() -> void:
	var sensor := _attach(RLEntitySensor.new(), 3)
	for x: float in [-2.0, 2.0]:
		_put(Vector3(x, 0.0, 0.0))
	_put(Vector3(0.0, 0.0, 2.0))
	var seen := _written(sensor)
	_check_values([seen[1], seen[6], seen[13]] as PackedFloat32Array, [-0.2, 0.2, 0.2])


func test_a_script_writes_numbers_of_its_own() -> void:
	var sensor := PricedSensor.new()
	sensor.order = RLEntitySensor.Order.GROUP
	_attach(sensor, 3)
	for price: float in [5.0, 7.0]:
		var thing := _put(Vector3.ZERO)
		thing.set_meta(&"price", price)
		sensor.things.append(thing)
	_check_values(_written(sensor), [1.0, 0.5, 1.0, 0.7, 0.0, 0.0])


func test_the_handshake_names_the_numbers_of_a_row() -> void:
	_attach(RLEntitySensor.new(), 2)
	var declared: Dictionary = (RLLayout.of(_agent)["fields"] as Array)[0]
	check_equal(declared["name"], "entities", "name")
	check_equal(declared["kind"], "entities", "kind")
	check_equal(declared["size"], 10, "size")
	check_equal(declared["unit"], "offset m/10.0, distance m/10.0", "unit")
	check_equal(declared["columns"], ["present", "offset[0]", "offset[1]", "offset[2]", "distance"], "columns")


func test_a_policy_that_was_trained_for_other_columns_is_refused() -> void:
	_attach(RLEntitySensor.new(), 2)
	var policy := RLPolicy.new()
	var trained: Dictionary = JSON.parse_string(JSON.stringify(RLLayout.of(_agent)))
	policy.schema = {"layout": trained}
	check_equal(policy.differences_from(RLLayout.of(_agent)), PackedStringArray(), "differences from itself")
	((trained["fields"] as Array)[0] as Dictionary)["columns"] = [
		"present", "offset[0]", "offset[1]", "speed", "distance"
	]
	var found := policy.differences_from(RLLayout.of(_agent))
	check_equal(found.size(), 1, "differences")
	check("speed" in found[0] and "offset[2]" in found[0], "the columns of both: %s" % found)


func test_in_a_2d_game_offsets_have_two_numbers() -> void:
	var arena := RLArena2D.new()
	add_child(arena)
	var player := CharacterBody2D.new()
	_agent = RLAgent.new()
	var sensor := RLEntitySensor2D.new()
	sensor.group = GROUP
	sensor.most = 2
	arena.add_child(player)
	player.add_child(_agent)
	_agent.add_child(sensor)
	_agent.setup(arena.core, 0)
	var near := Node2D.new()
	near.position = Vector2(0.0, 500.0)
	var far := Node2D.new()
	far.position = Vector2(-900.0, 0.0)
	for thing: Node2D in [far, near]:
		thing.add_to_group(GROUP)
		arena.add_child(thing)
	player.rotation = PI / 2.0
	_check_values(_written(sensor), [1.0, 0.5, 0.0, 0.5, 1.0, 0.0, 0.9, 0.9])


func _attach(sensor: RLEntitySensor, most: int) -> RLEntitySensor:
	_arena = RLArena.new()
	add_child(_arena)
	_body = CharacterBody3D.new()
	_agent = RLAgent.new()
	sensor.group = GROUP
	sensor.most = most
	_arena.add_child(_body)
	_body.add_child(_agent)
	_agent.add_child(sensor)
	_agent.setup(_arena.core, 0)
	return sensor


func _put(at: Vector3) -> Node3D:
	var thing := Node3D.new()
	thing.position = at
	thing.add_to_group(GROUP)
	_arena.add_child(thing)
	return thing
