class_name ChaseCamera
extends Camera3D
## Follows the first craft in flight, for somebody who watches; does nothing without a window.

## Where it stands, seen from the craft, in metres.
@export var offset := Vector3(0.0, 8.0, 22.0)

var _zone: LandingZone


func _ready() -> void:
	set_process(DisplayServer.get_name() != "headless")


func _process(_delta: float) -> void:
	if _zone == null:
		_zone = get_parent().find_children("*", "LandingZone", true, false).pop_front() as LandingZone
		return
	for craft: Spacecraft in _zone.crafts:
		if craft.agent.active:
			var height := craft.feet().y - _zone.ground.global_position.y
			# Low down it stands back, so that the pad comes into view.
			var place := craft.global_position + offset * lerpf(1.4, 1.0, clampf(height / 100.0, 0.0, 1.0))
			look_at_from_position(place, craft.global_position)
			return
