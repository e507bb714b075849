class_name RLFilm
extends Node
## Writes what the window shows to picture files, every few ticks of game time. Nothing else is drawn meanwhile.

# Before the bridge: a picture shows the tick that is over, not the beginning of the next episode.
const _BEFORE_BRIDGE := (1 << 20) - 1
const _JPEG_QUALITY := 0.92
# Pixels of the sun's shadow map. Without a GPU, the usual 4096 take as long as all else in a picture of 640x360.
const _SHADOW_SIZE := 1024

var _folder := ""
var _every := 1
var _as_png := false
var _tick := 0
var _pictures := 0


## Into this folder, a picture for every `every` ticks.
func _init(folder: String, every: int, as_png: bool) -> void:
	_folder = folder
	_every = every
	_as_png = as_png
	process_physics_priority = _BEFORE_BRIDGE
	name = "Film"


func _ready() -> void:
	RenderingServer.directional_shadow_atlas_set_size(_SHADOW_SIZE, true)


func _physics_process(_delta: float) -> void:
	_tick += 1
	if _tick % _every != 0:
		return
	if _pictures == 0:
		_split_shadows_less()
	RenderingServer.force_draw(false, _every / float(Engine.physics_ticks_per_second))
	var picture := get_viewport().get_texture().get_image()
	var path := "%s/frame_%06d.%s" % [_folder, _pictures, "png" if _as_png else "jpg"]
	var failed := picture.save_png(path) if _as_png else picture.save_jpg(path, _JPEG_QUALITY)
	if failed != OK:
		push_error("film: %s cannot be written: %s" % [path, error_string(failed)])
	_pictures += 1


# Four splits, the default, draw the scene four times for its shadows: half of the time of a picture without a GPU. Two
# look the same at this size, and a picture takes 18 % less.
func _split_shadows_less() -> void:
	for node: Node in get_tree().root.find_children("*", "DirectionalLight3D", true, false):
		var light := node as DirectionalLight3D
		if light.directional_shadow_mode == DirectionalLight3D.SHADOW_PARALLEL_4_SPLITS:
			light.directional_shadow_mode = DirectionalLight3D.SHADOW_PARALLEL_2_SPLITS
