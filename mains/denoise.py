#!/usr/bin/env python3
"""Takes noise out of images, beside a median filter and PCA.

Prints the squared error per test image that each way leaves. With `--masking`
the noise is a share of pixels that are blank.
"""
from lab import command_line


def main():
    """Loads, trains, repairs, compares, draws."""
    args = command_line.parse(
        __doc__, "denoise", model="4-denoising", hidden=[512, 256], latent=32,
        noise=0.5, masking=False)
    command_line.need("sklearn", "scipy")
    from lab import (
        building,
        corruption,
        datasets,
        evaluation,
        figures,
        report,
        training,
    )
    from scipy.ndimage import median_filter

    data = datasets.chosen(args)
    data.require(train=2, test=1)
    build = building.builder(args, data)
    for run in training.trained(args, data, build):
        clean, train = run.test.all(), run.batches.all()
        noisy = corruption.corrupted(clean, args.noise, args.masking)
        window = (1, 3, 3, 1) if len(data.shape) == 3 else (1, 3)
        pca = evaluation.principal_components(train, args.latent)
        ways = {
            "noisy": noisy,
            "median filter": median_filter(
                noisy.reshape(-1, *data.shape), window).reshape(clean.shape),
            "PCA": pca.inverse_transform(pca.transform(noisy)),
            args.module: run.rebuild(noisy)}
        run.report("Squared error per image", {
            way: evaluation.squared_error(clean, images).mean()
            for way, images in ways.items()})
        figures.rows(run, "denoised.png", {"clean": clean[:10], **{
            way: images[:10] for way, images in ways.items()}})
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
