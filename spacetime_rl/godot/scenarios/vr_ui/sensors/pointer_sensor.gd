class_name UiPointerSensor
extends RLSensor
## Both rays: does it meet the panel, where, where does the hand point, is its trigger pulled; and which hand acts.

var _user: UiUser


func _init() -> void:
	label = &"pointer"


func fields() -> Array[RLField]:
	return [
		RLField.new("%s/left" % label, 6, "on the panel, x and y on it, rad right and up, trigger"),
		RLField.new("%s/right" % label, 6, "on the panel, x and y on it, rad right and up, trigger"),
		RLField.new("%s/acting" % label, 1, "-1 left, 1 right"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	for hand: int in 2:
		var at := offset + 6 * hand
		var place := (_place(hand) * 2.0 - Vector2.ONE).clamp(-Vector2.ONE, Vector2.ONE)
		buffer[at] = 1.0 if _user.hits[hand] else 0.0
		buffer[at + 1] = place.x
		buffer[at + 2] = place.y
		buffer[at + 3] = _user.aims[hand].x
		buffer[at + 4] = _user.aims[hand].y
		buffer[at + 5] = 1.0 if _user.pressing and _user.acting == hand else 0.0
	buffer[offset + 12] = 1.0 if _user.acting == RLXRPlayer.Hand.RIGHT else -1.0


func _setup() -> void:
	_user = body as UiUser


## Where a ray meets the panel, 0 to 1 from its left top corner.
func _place(hand: int) -> Vector2:
	return _user.pointers[hand] / MenuPage.SIZE
