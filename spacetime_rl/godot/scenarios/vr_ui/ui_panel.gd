class_name UiPanel
extends StaticBody3D
## A panel in the world that shows a menu, and hands it the mouse events that a ray means.
##
## The menu lives in a SubViewport; what is pressed there is decided by the real controls. Its front is at z = 0, the
## player is on the side of +z.

## Metres.
const SIZE := Vector2(1.2, 0.9)
## Where no ray points, in pixels.
const NOWHERE := Vector2(-1000.0, -1000.0)

const _THICKNESS := 0.04
const _METRES_PER_PIXEL := SIZE.x / MenuPage.SIZE.x

var menu := VrMenu.new()

var _viewport := SubViewport.new()
var _motion := InputEventMouseMotion.new()
var _button := InputEventMouseButton.new()


func _init() -> void:
	var box := BoxShape3D.new()
	box.size = Vector3(SIZE.x, SIZE.y, _THICKNESS)
	var shape := CollisionShape3D.new()
	shape.shape = box
	shape.position.z = -0.5 * _THICKNESS
	add_child(shape)
	_viewport.size = Vector2i(MenuPage.SIZE)
	_viewport.disable_3d = true
	_viewport.render_target_update_mode = SubViewport.UPDATE_DISABLED
	_viewport.add_child(menu)
	add_child(_viewport)
	_button.button_index = MOUSE_BUTTON_LEFT


func _ready() -> void:
	if DisplayServer.get_name() != "headless":
		_show()


## Hang somewhere for a new episode, with nothing pressed.
func hang(place: Transform3D) -> void:
	RLPhysics.reset_body(self, place)
	release(NOWHERE)
	move_pointer(NOWHERE)


## The control under the pointer; null where there is none.
func focused() -> Control:
	return _viewport.gui_get_hovered_control()


## Pixels where a ray meets the panel's plane, on the panel or beside it; NOWHERE where it never does.
func pixels_along(from: Vector3, direction: Vector3) -> Vector2:
	var start := to_local(from)
	var ahead := direction * global_basis
	if ahead.z > -0.05:
		return NOWHERE
	return pixels_of(start - ahead * (start.z / ahead.z))


## Pixels of a point of the panel, in its own frame.
func pixels_of(local: Vector3) -> Vector2:
	return 0.5 * MenuPage.SIZE + Vector2(local.x, -local.y) / _METRES_PER_PIXEL


## Where some pixels are in the world.
func point_of(pixels: Vector2) -> Vector3:
	var local := (pixels - 0.5 * MenuPage.SIZE) * _METRES_PER_PIXEL
	return to_global(Vector3(local.x, -local.y, 0.0))


## Move the mouse.
func move_pointer(pixels: Vector2) -> void:
	_motion.relative = pixels - _motion.position
	_motion.position = pixels
	_motion.global_position = pixels
	_viewport.push_input(_motion, true)


## Press the left button. Returns whether an element answered.
func press(pixels: Vector2) -> bool:
	menu.responded = false
	_motion.button_mask = MOUSE_BUTTON_MASK_LEFT
	_push_button(pixels, true)
	return menu.responded


## Let the left button go there. A button that the pointer has left by then is not pressed.
func release(pixels: Vector2) -> void:
	move_pointer(pixels)
	_motion.button_mask = 0
	_push_button(pixels, false)


func _push_button(pixels: Vector2, pressed: bool) -> void:
	_button.pressed = pressed
	_button.button_mask = _motion.button_mask
	_button.position = pixels
	_button.global_position = pixels
	_viewport.push_input(_button, true)


func _show() -> void:
	_viewport.render_target_update_mode = SubViewport.UPDATE_ALWAYS
	var material := StandardMaterial3D.new()
	material.shading_mode = BaseMaterial3D.SHADING_MODE_UNSHADED
	material.albedo_texture = _viewport.get_texture()
	var quad := QuadMesh.new()
	quad.size = SIZE
	quad.material = material
	var mesh := MeshInstance3D.new()
	mesh.mesh = quad
	add_child(mesh)
