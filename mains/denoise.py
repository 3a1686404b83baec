#!/usr/bin/env python3
"""Takes noise out of images, compared with a median filter and PCA.

Prints the squared error per test image that each method leaves. With
`--masking` the noise blanks a fraction of the pixels.
"""
from lab import command_line


def main():
    """Loads, trains, repairs, compares, draws."""
    args = command_line.parse(
        __doc__, "denoise", model="4-denoising", hidden=[512, 256], latent=32,
        noise=0.5, masking=False)
    from lab import figures, measures, training
    from lab.applications import denoise
    from lab.data import corruption, datasets
    from lab.page import report

    data = datasets.load(**args.data)
    data.require(train=2, test=1)
    for run in training.trained(args, data):
        clean = run.test.all()
        noisy = corruption.corrupted(clean, args.noise, args.masking)
        methods = {
            "noisy": noisy,
            **denoise.repaired(
                run.batches.all(), noisy, data.shape, args.latent),
            args.module: run.model.rebuild(noisy)}
        run.report("Squared error per image", {
            method: measures.squared_error(clean, images).mean()
            for method, images in methods.items()})
        figures.rows(run, "denoised.png", {"clean": clean[:10], **{
            method: images[:10] for method, images in methods.items()}})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
