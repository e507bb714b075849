class_name HandOverSensor
extends RLSensor
## The player's hand, the object, and the hand on the other side of the hand-over.

## Offsets beyond this many metres are cut off in the `near` fields, which keep the last half metre sharp.
const NEAR := 0.5


func fields() -> Array[RLField]:
	return [
		RLField.new("hand", 3, "right hand from the body's foot, own frame, m"),
		RLField.new("object", 3, "object from the hand, own frame, m/5"),
		RLField.new("object_near", 3, "the same, m/0.5, cut off at 1"),
		RLField.new("partner_hand", 3, "partner's hand from the hand, own frame, m/5"),
		RLField.new("partner_hand_near", 3, "the same, m/0.5, cut off at 1"),
		RLField.new("holder", 3, "one-hot: nobody, giver, taker"),
		RLField.new("grips", 2, "own and partner's hand is closed"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as InteractionPlayer
	var pair := player.hand_over
	var partner := pair.partner_of(player)
	var hand := player.hand
	_write_vector(buffer, offset, player.to_own_frame(hand - player.global_position))
	_write_offset(buffer, offset + 3, player.to_own_frame(pair.object.global_position - hand))
	_write_offset(buffer, offset + 9, player.to_own_frame(partner.hand - hand))
	for i: int in 3:
		buffer[offset + 15 + i] = 1.0 if pair.holder == i else 0.0
	buffer[offset + 18] = 1.0 if player.grip else 0.0
	buffer[offset + 19] = 1.0 if partner.grip else 0.0


func _write_offset(buffer: PackedFloat32Array, offset: int, to: Vector3) -> void:
	_write_vector(buffer, offset, to / 5.0)
	_write_vector(buffer, offset + 3, (to / NEAR).clamp(-Vector3.ONE, Vector3.ONE))


func _write_vector(buffer: PackedFloat32Array, offset: int, vector: Vector3) -> void:
	buffer[offset] = vector.x
	buffer[offset + 1] = vector.y
	buffer[offset + 2] = vector.z
