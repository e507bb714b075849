class_name VignetteView
extends CanvasLayer
## Shows a person the vignette. Made only where there is a window.

const SHADER: Shader = preload("res://scenarios/vr_locomotion/vignette.gdshader")

var _vignette: ComfortVignette
var _material := ShaderMaterial.new()


func _init(vignette: ComfortVignette) -> void:
	_vignette = vignette
	_material.shader = SHADER
	var dark := ColorRect.new()
	dark.material = _material
	dark.mouse_filter = Control.MOUSE_FILTER_IGNORE
	dark.set_anchors_preset(Control.PRESET_FULL_RECT)
	add_child(dark)


func _process(_delta: float) -> void:
	_material.set_shader_parameter(&"intensity", _vignette.intensity)
