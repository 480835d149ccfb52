"""What is in a picture: faces, objects, text, colours. Real models, one thread each, on the CPU.

    header      format and size of a PNG or JPEG, from its first bytes
    picture     bytes to upright pixels of a bounded size
    results     what the engine answers: plain data, positions as ratios of the picture
    detection   where faces are (blazeface, and the checks against false ones)
    mesh        468 points of a face: landmarks, pose, an open mouth (facemesh)
    portrait    age, gender, descriptor, expression (faceres, emotion)
    objects     things of COCO's 80 classes (centernet)
    quality     dominant colours, brightness, sharpness, contrast
    text        printed and written lines and words (rapidocr)
    engine      `VisionEngine`, what `EngineHost` runs

Model files come from `windfall models pull`; rapidocr's lie in its own package.
"""
