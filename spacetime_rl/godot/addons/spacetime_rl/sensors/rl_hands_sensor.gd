@tool
@icon("res://addons/spacetime_rl/icons/sensor_hands.svg")
class_name RLHandsSensor
extends RLSensor
## Both hands of an RLXRPlayer in its own frame: positions 3 + 3, then velocities 3 + 3, left before right.

## Metres that become 1.
@export_range(0.01, 100.0) var scale_m := 1.0
## Metres a second that become 1.
@export_range(0.01, 100.0) var scale_m_s := 2.0

var _player: RLXRPlayer


func _init() -> void:
	label = &"hands"


func fields() -> Array[RLField]:
	return [
		RLField.new("%s/position" % label, 6, "m/%s" % scale_m),
		RLField.new("%s/velocity" % label, 6, "m/s/%s" % scale_m_s),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	for hand: int in 2:
		var place := _player.hands[hand].position / scale_m
		var speed := _player.hand_velocity(hand as RLXRPlayer.Hand) / scale_m_s
		var at := offset + 3 * hand
		buffer[at] = place.x
		buffer[at + 1] = place.y
		buffer[at + 2] = place.z
		buffer[at + 6] = speed.x
		buffer[at + 7] = speed.y
		buffer[at + 8] = speed.z


func _setup() -> void:
	_player = body as RLXRPlayer
	if _player == null:
		push_error("%s: needs an RLXRPlayer as the agent's parent" % get_path())
