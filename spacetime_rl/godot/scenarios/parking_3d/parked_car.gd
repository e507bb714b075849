class_name ParkedCar
extends StaticBody3D
## A car that somebody else has parked; it stands in its bay in some episodes.

const _AWAY := Vector3(0.0, -100.0, 0.0)
const _SIZE := Vector3(HatchbackCar.WIDTH, 1.2, HatchbackCar.LENGTH)

var _holder := CollisionShape3D.new()


func _init(number: int = 0) -> void:
	var box := BoxShape3D.new()
	box.size = _SIZE
	_holder.shape = box
	_holder.position.y = 0.2 + _SIZE.y / 2.0
	add_child(_holder)
	if DisplayServer.get_name() != "headless":
		add_child(CarLooks.new(CarLooks.COLOURS[(3 * number + 1) % CarLooks.COLOURS.size()], true))


## Stand at a place for this episode.
func stand(at: Transform3D) -> void:
	_holder.disabled = false
	visible = true
	RLPhysics.reset_body(self, at)


## Take the body out of the world for this episode.
func put_away() -> void:
	_holder.disabled = true
	visible = false
	RLPhysics.reset_body(self, Transform3D(Basis.IDENTITY, _AWAY))
